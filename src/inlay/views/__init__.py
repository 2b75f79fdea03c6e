"""What is seen: the live card, and the picture of it that stays in the saved file.

Nothing here knows IPython. A view is handed a publisher (see `live_card`), so that all of it runs, and is tested,
without a notebook; the widget library is only imported where a widget is made.
"""
