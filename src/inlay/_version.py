"""The version, written here once; the build reads this file, and `inlay.__version__` is this name.

Asking the installed metadata instead would cost milliseconds at every import.
"""

__version__ = "0.1.0"
