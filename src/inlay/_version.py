"""The version, written here once: the build reads it from this file, and so does `inlay.__version__`.

Asking the installed metadata instead would cost milliseconds at every import.
"""

__version__ = "0.1.0"
