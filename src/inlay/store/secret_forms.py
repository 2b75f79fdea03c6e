"""The forms by which a secret is known wherever it stands: key formats, key blocks, headers, URLs.

Each form names a literal that the text must contain. Looking for literals first makes the ordinary
text, which holds none of them, cost next to nothing; patterns are compiled when first needed,
because importing inlay must stay cheap.
"""

from __future__ import annotations

import re
from functools import cache

MASK = "••••••"


def mask_forms(text: str) -> str:
    """The text with everything replaced that has the form of a secret."""
    for literal, form in _FORMS:
        if literal in text:
            text = pattern(rf"(?<![A-Za-z0-9_]){form}").sub(_masked_form, text)
    if "uthorization" in text:
        text = pattern(_AUTHORIZATION).sub(rf"\1{MASK}", text)
    if any(word in text for word in ("earer", "asic", "BEARER", "BASIC")):
        text = pattern(_HEADER).sub(_masked_header, text)
    if "Cookie:" in text:
        text = pattern(_COOKIES).sub(rf"\1{MASK}", text)
    if "PRIVATE KEY" in text:
        text = pattern(_KEY_BLOCK).sub(_masked_key_block, text)
    if "://" in text:
        text = pattern(_URL_PASSWORD).sub(rf"\1{MASK}\2", text)
        text = pattern(_URL_TOKEN).sub(MASK, text)
    return text


def masked_lines(text: str) -> str:
    """One mask for each line that has something on it, so that lines keep their numbers."""
    return "\n".join(MASK if line.strip() else line for line in text.split("\n"))


@cache
def pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern, from its second use on for nothing."""
    return re.compile(text)


_FORMS = (
    *((name, name + "[A-Z0-9]{16}(?![A-Za-z0-9])") for name in ("AKIA", "ASIA", "ABIA", "ACCA")),
    ("sk-", r"sk-[\w-]{8,}"),
    *((f"_{kind}_", rf"(?:sk|rk|pk)_{kind}_[A-Za-z0-9]{{8,}}") for kind in ("live", "test")),
    ("whsec_", r"whsec_[A-Za-z0-9+/=]{16,}"),
    *((name, name + "[A-Za-z0-9]{20,}") for name in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    ("github_pat_", r"github_pat_\w{20,}"),
    ("gl", r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[\w-]{16,}"),
    ("hf_", r"hf_[A-Za-z0-9]{20,}"),
    ("xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("xapp-", r"xapp-\d-[A-Za-z0-9-]{10,}"),
    ("AIza", r"AIza[\w-]{30,}"),
    ("ya29.", r"ya29\.[\w-]{20,}"),
    ("GOCSPX-", r"GOCSPX-[\w-]{20,}"),
    ("eyJ", r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)+"),
    ("npm_", r"npm_[A-Za-z0-9]{30,}"),
    ("pypi-Ag", r"pypi-Ag[\w-]{16,}"),
    ("SG.", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    *((name, name + r"\w{30,}") for name in ("gsk_", "r8_", "pcsk_", "fw_")),
    *((name, name + r"[\w-]{20,}") for name in ("xai-", "pplx-", "nvapi-", "tvly-")),
    ("lsv2_", r"lsv2_(?:pt|sk)_[a-f0-9_]{20,}"),
    ("dop_v1_", r"dop_v1_[a-f0-9]{64}"),
    ("shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("dapi", r"dapi[a-f0-9]{32}"),
    ("hvs.", r"hvs\.[\w-]{20,}"),
    ("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    ("SK", r"SK[0-9a-f]{32}(?![0-9A-Za-z])"),
    (":AA", r"\d{8,10}:AA[\w-]{33}(?![\w-])"),
    ("hooks.slack.com", r"(?P<keep>hooks\.slack\.com/(?:services|workflows)/)[\w/-]{8,}"),
    ("/api/webhooks/", r"(?P<keep>discord(?:app)?\.com/api/webhooks/\d+/)[\w-]{8,}"),
)
_HEADER = r"(?<![A-Za-z0-9_])((?:[Bb]earer|[Bb]asic|BEARER|BASIC)[ \t]+)([A-Za-z0-9._~+/-]{8,}={0,2})"
_AUTHORIZATION = r"(uthorization['\"]?[ \t]*[:=,][ \t]*['\"]?(?:[Tt]oken|[Aa]pi-?[Kk]ey)[ \t]+)[^\s'\",;{}$<>]{4,400}"
_COOKIES = r"(\b(?:Set-)?Cookie:[ \t]*)[^'\"\r\n]*=[^'\"\r\n]*"
_KEY_BLOCK = (
    r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)"
    r"([^-]*(?:-(?!-{4}END )[^-]*)*)"
    r"(-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)?"
)
_URL_PASSWORD = r"(://[^\s/:@'\"<>]{0,200}:)[^\s/@'\"<>{$]{1,400}(@)"  # noqa: S105
# A token as user name, as git remotes have it; the name of a person is shorter.
_URL_TOKEN = (
    r"(?<=://)(?:(?:gh[pousr]_|github_pat_|glpat-|hf_)[\w-]{3,400}|[\w.~%+-]{20,400})(?=(?::[^\s/@'\"<>]{0,400})?@)"  # noqa: S105
)


def _masked_form(match: re.Match[str]) -> str:
    whole = match[0]
    if "keep" in match.re.groupindex:
        return str(match["keep"]) + MASK
    if whole.startswith("sk-") and not whole.startswith(("sk-ant-", "sk-lf-")):
        # scikit-learn's HTML is full of classes such as sk-estimator-doc-link; a key has one long
        # stretch without a hyphen.
        longest = max(map(len, re.split(r"[-_]", whole[3:])))
        if longest < 12 or (longest < 16 and not re.search(r"\d", whole)):
            return whole
    return MASK


def _masked_header(match: re.Match[str]) -> str:
    # "Basic characterisation" is prose; a credential has a digit, padding or capitals inside it.
    return f"{match[1]}{MASK}" if re.search(r"[0-9=]|[a-z][A-Z]", match[2]) else match[0]


def _masked_key_block(match: re.Match[str]) -> str:
    return f"{match[1]}{masked_lines(match[2])}{match[3] or ''}"
