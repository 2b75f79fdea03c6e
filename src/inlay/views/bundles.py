"""The built JavaScript of the widgets, as `js/build.mjs` leaves it in `static/`."""

from __future__ import annotations

from pathlib import Path

from inlay.errors import InlayError

STATIC = Path(__file__).parent.parent / "static"


def bundle(name: str) -> Path:
    """A built file. Raises `InlayError` when there is none, as in a checkout that was not built."""
    path = STATIC / name
    if not path.is_file():
        raise InlayError(f"{path} is missing: run `make bundles` in the checkout, or install inlay from a wheel")
    return path
