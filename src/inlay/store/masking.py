"""Secrets are replaced before anything is written: the one place that knows what looks like one.

Three signs count: the name beside a value (`api_key = "..."`), the form of the value itself
(`secret_forms.py`) and a password inside a URL. Text is searched for trigger words and each is
widened to its name within a fixed window, so that the time stays linear whatever the text holds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inlay.store.literals import assigned_at_once, literals
from inlay.store.secret_forms import MASK, mask_forms, masked_lines, pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MASK", "looks_secret", "mask_text", "mask_value"]


def looks_secret(name: str) -> bool:
    """Whether a variable, key, header or option of this name usually holds a secret."""
    return _secrecy(name) != _NOT


def mask_value(name: str, value: Any) -> Any:
    """The JSON value with every secret in it replaced; name and form both count."""
    return _masked_value(value, _secrecy(name))


def mask_text(text: str, *, code: bool = True) -> str:
    """The text with every secret replaced; lines keep their numbers.

    In code a bare word after `password=` is a variable and stays. Say `code=False` of what was printed, noted or
    raised: there the word is the value itself.
    """
    text = mask_forms(text)
    return _mask_named(_mask_assigned_at_once(text) if code else text, code=code)


# --- names ----------------------------------------------------------------------------------------

_NOT, _IF_TEXT, _SURE = 0, 1, 2

_HIDDEN = (
    "password|passwords|passwd|passphrase|passcode|pwd|secret|secrets|credential|credentials|creds"
    "|apikey|apikeys|accesskey|secretkey|privatekey|authtoken|accesstoken|clientsecret"
    "|authorization|cookie|cookies|mnemonic"
)
_HIDDEN_AS_LAST = "pass|pw"  # db_pass, not pass_rate; alone only beside text
_KEY_OF = (
    "api|access|private|secret|encryption|signing|ssh|account|auth|service|license|licence|client"
    "|consumer|storage|master|subscription|shared|deploy|app|admin|webhook|openai|anthropic|hf"
    "|huggingface|aws|azure|gcp|google|gemini|wandb|cohere|mistral|groq|openrouter|github|gitlab"
    "|stripe|pinecone|langsmith|langfuse"
)
_PLAIN_AFTER = (
    "pad|eos|bos|sep|cls|mask|unk|special|max|min|num|n|per|next|prev|previous|first|last|start|end"
    "|stop|begin|new|input|output|prompt|completion|total|image|audio|video|decoder|encoder|word"
    "|sub|current|each|this|additional|extra|every|single|space|blank|eot|eod"
    "|forward|backward|second|multi|one|two"
)
_HIDDEN_IN_PLURAL_AFTER = "access|auth|api|refresh|bearer|secret"
_ABOUT_IT = (
    "count|counts|length|len|size|limit|budget|type|types|name|names|id|ids|url|uri|path|file|files"
    "|dir|field|policy|ttl|expiry|expires|rate|ratio|usage|cost|method|mode|scheme|scope|index|idx"
    "|mask|prob|probs|dim|embedding|embeddings|required|enabled|strength|hint|manager"
)
_QUALIFIER = r"\d+|v|value|str|string|text|raw|env|prod|dev|test|live|staging|main|default"
_WORD = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+"


@lru_cache(4096)
def _secrecy(name: str) -> int:
    words = [word.lower() for word in pattern(_WORD).findall(name[-120:])]
    if words[-2:] in (["connection", "string"], ["seed", "phrase"]):
        return _SURE
    while words and _is(words[-1], _QUALIFIER):
        words.pop()
    if not words or _is(words[-1], _ABOUT_IT):
        return _NOT
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    sure = (
        any(_is(word, _HIDDEN) for word in words)
        or (_is(last, _HIDDEN_AS_LAST) and bool(before) and not _is(before, _PLAIN_AFTER))
        or (last in ("key", "keys") and _is(before, _KEY_OF))
    )
    if sure:
        return _SURE
    if_text = (
        (_is(last, _HIDDEN_AS_LAST) and not before)
        or (last == "token" and not _is(before, _PLAIN_AFTER))
        or (last == "tokens" and _is(before, _HIDDEN_IN_PLURAL_AFTER))
        or last == "auth"
        or (before == "auth" and last in ("header", "headers"))
    )
    return _IF_TEXT if if_text else _NOT


def _is(word: str, words: str) -> bool:
    return pattern(words).fullmatch(word) is not None


def _masked_value(value: Any, secrecy: int) -> Any:
    if isinstance(value, str):
        return MASK if secrecy and value else mask_text(value)
    if isinstance(value, dict):
        return {
            key: _masked_value(item, max(secrecy, _secrecy(key) if isinstance(key, str) else _NOT))
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_masked_value(item, secrecy) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and secrecy == _SURE:
        return MASK
    return value


# --- names beside values inside text --------------------------------------------------------------

_TRIGGER = r"pass|pw|secret|token|key|cred|auth|cookie|mnemonic|connection_?string|seed_?phrase"
_REACH = 80  # the longest reach to either side of a trigger word
_LINE_REACH = 1000  # how much of the line before a name is looked at
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")

# What stands between a name and its value, then the value: quoted (also in escaped JSON) or bare.
_AFTER_NAME = (
    r"(?P<close>\\?[\"'])?[ \t]*\]?[ \t]*"
    r"(?P<separator>(?::[ \t]*[A-Za-z_][\w.\[\]| ,]{0,60}?(?=[ \t]*=[^=]))?"
    r"[ \t]*(?::=|==|!=|=|:|,(?:\s{0,80}default[ \t]*=|\s{0,80}(?=[\"']))?)|[ \t]+(?=[^=:,\s]))"
    r"(?P<space>[ \t]*)"
    r"(?:(?P<prefix>[rRbBuUfF]{0,2})(?P<quote>\"{3}|'{3}|\\?[\"'])"
    r"|(?P<bare>[^\s\"'&;,<>()\[\]{}|`]+))"
)


def _mask_named(text: str, *, code: bool) -> str:
    pieces: list[str] = []
    done = seen = 0
    for trigger in _triggers(text):
        if trigger < seen:
            continue
        start, end = _widened(text, trigger, seen)
        seen = end
        secrecy = _secrecy(text[start:end].strip("-"))
        match = pattern(_AFTER_NAME).match(text, end) if secrecy else None
        span = match and _value_span(text, start, match, secrecy, code=code)
        spans = [span] if span else []
        if code and secrecy:
            spans += _further_literals(text, end, span)
        for first, last in spans:
            pieces += (text[done:first], masked_lines(text[first:last]))
            done = seen = last
    pieces.append(text[done:])
    return "".join(pieces)


def _mask_assigned_at_once(text: str) -> str:
    """The text without the secrets of `user, token = "u", "x"`."""
    pieces: list[str] = []
    done = 0
    for names, values in assigned_at_once(text):
        secret = [_secrecy(name) != _NOT for name in names]
        if not any(secret):
            continue
        if len(values) != len(names):  # which value is whose is not to be seen
            secret = [True] * len(values)
        for first, last in (span for value, hidden in zip(values, secret, strict=True) if hidden for span in value):
            if first >= done and text[first:last].strip():
                pieces += (text[done:first], masked_lines(text[first:last]))
                done = last
    pieces.append(text[done:])
    return "".join(pieces)


_BRACKETED = r"[\"']?[ \t]*\]?[ \t]*(?::[ \t]*[A-Za-z_][\w.\[\]| ]{0,60}?(?==)|:(?=[ \t]*\())?=?[ \t]*(?=[(])"
_ADDED_TO = r"[ \t]*=[ \t]*[A-Za-z_][\w.]{0,80}[ \t]*\+(?=[ \t]*[rRbBuUfF]{0,2}[\"'])"


def _further_literals(text: str, end: int, span: tuple[int, int] | None) -> list[tuple[int, int]]:
    """The literals of a value that is not one literal: in brackets, beside each other or added."""
    if span:
        quote = text[span[1] : span[1] + 1]
        width = 3 if quote and text.startswith(quote * 3, span[1]) else 1
        if quote not in ("'", '"') or not pattern(r"[ \t]*(?:\\\n[ \t]*)?(?:\+|[rRbBuUfF]{0,2}[\"'])").match(
            text, span[1] + width
        ):
            return []
        start = span[1] + width
    else:
        found = pattern(_BRACKETED).match(text, end) or pattern(_ADDED_TO).match(text, end)
        if not found or not found[0].strip("\"' \t]"):
            return []
        start = found.end()
    return [(first, last) for first, last in literals(text, start)[0] if text[first:last].strip()]


def _triggers(text: str) -> Iterator[int]:
    lowered = text.lower()  # six times faster than matching without regard to case
    if len(lowered) == len(text):
        return (found.start() for found in pattern(_TRIGGER).finditer(lowered))
    return (found.start() for found in pattern(f"(?i:{_TRIGGER})").finditer(text))


def _widened(text: str, trigger: int, seen: int) -> tuple[int, int]:
    """The whole name around a trigger word."""
    start = end = trigger
    first, last = max(seen, start - _REACH), min(len(text), end + _REACH)
    while start > first and text[start - 1] in _NAME_CHARACTERS:
        start -= 1
    while end < last and text[end] in _NAME_CHARACTERS:
        end += 1
    return start, end


def _value_span(  # noqa: PLR0911  # each return is one kind of mention, told beside it
    text: str, start: int, match: re.Match[str], secrecy: int, *, code: bool
) -> tuple[int, int] | None:
    """Where the secret value stands, or None where code or prose only mentions the name."""
    separator, quote = match["separator"].strip(), match["quote"]
    near = max(0, start - _LINE_REACH)
    before = text[max(near, text.rfind("\n", near, start) + 1) : start]
    quoted_name = match["close"] is not None
    option = text.startswith("--", start)
    if quoted_name and before[-1:] not in ("'", '"'):
        return None  # the quote ends a sentence: print("the password: ")
    if not separator and (quoted_name or not option):
        return None  # a word in prose
    if separator[:1] == "," and not (quoted_name and quote):
        return None  # an argument list, unless it is setenv("NAME", "value")
    if separator in ("==", "!=") and secrecy == _IF_TEXT:
        return None  # a parser's `if token == "("`
    if not quote:
        span = _bare_span(text, start, match, before=before, secrecy=secrecy)
        return span or (None if code else _printed_span(text, match, secrecy))
    opening = before[:-1] if quoted_name else before
    if len(quote) == 1 and not match["prefix"] and _inside_string(opening, quote):
        return None
    return _quoted_span(text, match)


def _inside_string(before: str, quote: str) -> bool:
    """Whether a string is open there: in `input("password: ")` the quote closes one."""
    return (before.count(quote) - before.count("\\" + quote)) % 2 == 1


def _quoted_span(text: str, match: re.Match[str]) -> tuple[int, int] | None:
    quote, start = match["quote"], match.end()
    if len(quote) == 1:
        found = pattern(rf"(?:[^{quote}\\\n]|\\.|\\\n)*(?={quote})").match(text, start)
        end = found.end() if found else -1
    elif len(quote) == 3:
        end = text.find(quote, start)
        end = len(text) if end < 0 else end
    else:
        end = text.find(quote, start, start + 4096)
    value = text[start:end] if end > start else ""
    only_a_reference = "f" in match["prefix"].lower() and re.fullmatch(r"(?:\w+ )?\{[^{}]*\}", value)
    return (start, end) if value.strip() and not only_a_reference else None


_REFERENCE = r"[$%{]|(?:None|True|False|null|true|false|str|bytes|int|Any|Optional)\b"


def _bare_span(text: str, start: int, match: re.Match[str], *, before: str, secrecy: int) -> tuple[int, int] | None:
    """The span of an unquoted value: a shell line, .env file, URL query, header or option."""
    value, (first, last) = match["bare"], match.span("bare")
    separator, following = match["separator"].strip(), text[last : last + 1]
    if pattern(_REFERENCE).match(value) or (following and following in "([{") or value == MASK:
        return None
    tight = separator == "=" and match.end() - match.start() == 1 + len(value)
    name = text[start : match.start()].strip("-")
    looks_bare = (
        text.startswith("--", start)
        or (tight and (before[-1:] in ("?", "&") or before.lstrip()[:1] in ("!", "%")))
        or (tight and name.isupper())
        or (tight and _is(value, r"(?![A-Za-z_][\w.]*\Z)[\w+/=.~%@!#^*:-]{6,}"))
        or (secrecy == _SURE and separator == "=" and _is(value, r"\d[\d_]{3,}"))
    )
    if looks_bare:
        return first, last
    line = separator == ":" and not before.strip(" \t-{*>#<") and following in ("", "\n", "\r")
    if line and secrecy == _SURE and re.search(r"[^A-Za-z_.]", value):
        return first, last
    return None


def _printed_span(text: str, match: re.Match[str], secrecy: int) -> tuple[int, int] | None:
    """The span of a value in printed text, where nothing is a reference: any word after `=` or `:`."""
    separator = match["separator"].strip()
    if not separator.endswith(("=", ":")) or separator in ("==", "!="):
        return None
    found = pattern(_PRINTED).match(text, match.start("bare"))
    value = found["value"].rstrip(")]}>") if found else ""
    a_number = secrecy == _IF_TEXT and _is(value, r"[\d.]+")
    if found is None or not value or a_number or MASK in value or _is(value, r"None|True|False|null|true|false"):
        return None
    return found.start("value"), found.start("value") + len(value)


_PRINTED = r"(?:(?:[Tt]oken|[Bb]earer|[Bb]asic|[Dd]igest|[Aa]pi-?[Kk]ey)[ \t]+(?=\S))?(?P<value>[^\s\"',;&]+)"
