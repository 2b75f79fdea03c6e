"""The lowest working floor: everything that touches the disk.

A record is appended to a journal (`journal/`), moved into DuckDB by `ingest`, and read from there. Nothing
here knows what a run means to a user or how one is drawn.
"""
