"""Recording: runs and what is logged to them.

Nothing here knows a display. What happens to a run is announced (`events`), and whoever draws subscribes.
"""
