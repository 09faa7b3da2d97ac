"""Secrets stay where they are: what is recorded of params shows that a value was there, not the value.

A value is hidden when its key says so (`api_key`, `hf_token`, `password`) or when it looks like a
credential itself (a URL with a password, a key with a known prefix). `tokens` and `eos_token` are none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "<hidden>"

_KEY = re.compile(
    r"^key$|(^|[_\-.])(secret|password|passwd|passphrase|credentials?|authorization|(api|access|private|secret|auth)[_\-]?key"
    r"|(?<!eos_)(?<!bos_)(?<!pad_)(?<!unk_)(?<!sep_)(?<!cls_)(?<!mask_)(?<!special_)(?<!document_)token)$",
    re.IGNORECASE,
)
_URL_CREDENTIALS = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.\-]*://)[^/\s:@]*:?[^/\s@]+@", re.IGNORECASE)
_CREDENTIAL = re.compile(
    r"\b(hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_\-]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w\-]{16,}"
    r"|AKIA[A-Z0-9]{12,}|xox[abprs]-[\w\-]{8,}|eyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]{8,})"
)


def redact(value: Any, key: str = "") -> Any:
    """Give a JSON value with everything secret replaced by `<hidden>`; numbers and booleans are never secret."""
    if isinstance(value, Mapping):
        return {name: redact(each, str(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact(each, key) for each in value]
    if not isinstance(value, str):
        return value
    if value and _KEY.search(key):
        return HIDDEN
    return _CREDENTIAL.sub(HIDDEN, _URL_CREDENTIALS.sub(rf"\g<scheme>{HIDDEN}@", value))
