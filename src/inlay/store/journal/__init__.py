"""The journal: where a record is safe the moment `log()` returns.

One folder per writing process, holding segments of 32-byte slots (`slots`). `writer` appends through a
memory map, `reader` takes whole records back out, and neither waits for the other.
"""
