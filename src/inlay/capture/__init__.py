"""What a run is recorded with unasked: settings in the source, the git commit, the environment.

Each module looks and returns records; `background.py` alone writes them into a run.
"""
