"""URLs as sources of data: recorded, never fetched, and without what opens a door."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from inlay.store.masking import MASK, looks_secret, mask_text

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SIGNED = re.compile(r"(?i)sig|signature|x-(amz|goog)-.*|se|sp|sv|sr|token|key|policy|awsaccesskeyid|googleaccessid")
_MOST = 2_000


def is_url(text: str) -> bool:
    """Whether a text begins with a scheme such as `https://` or `s3://`."""
    return _SCHEME.match(text) is not None


def shown_url(url: str) -> str:
    """The URL with passwords, tokens and signatures masked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return mask_text(url, code=False)[:_MOST]
    if parts.query:
        pairs = [pair.partition("=") for pair in parts.query.split("&")]
        clean = [f"{name}={MASK if _hidden(unquote(name)) else value}" if is_ else name for name, is_, value in pairs]
        parts = parts._replace(query="&".join(clean))
    user, at, host = parts.netloc.rpartition("@")
    if at and ":" in user:
        parts = parts._replace(netloc=f"{user.partition(':')[0]}:{MASK}@{host}")
    return mask_text(urlunsplit(parts), code=False)[:_MOST]


def local_path(url: str) -> str:
    """The path in a `file://` URL."""
    path = unquote(urlsplit(url).path)
    return path[1:] if path[2:3] == ":" else path  # file:///C:/data


def name_of(url: str) -> str | None:
    """The last part of the path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.path.rstrip("/").rpartition("/")[2] or parts.netloc.rpartition("@")[2] or None


def _hidden(name: str) -> bool:
    return looks_secret(name) or _SIGNED.fullmatch(name) is not None
