"""Secrets stay where they are: what is recorded of params shows that a value was there, not the value.

One function for every sink: provenance, MLflow, releases, documents, run files, logs and last words. A value is hidden
when its key says so (`api_key`, `hf_token`, `password`), and a part of a text when it is a credential by its form: the
password of an address, a signature in its query, a header, a connection string, a private key, a key with a known
prefix. `num_tokens`, `eos_token`, digests and ordinary addresses are none.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "<hidden>"

_NO_SECRET = "".join(
    rf"(?<!{kind}[_\-])" for kind in ("eos", "bos", "pad", "unk", "sep", "cls", "mask", "special", "document", "image")
)
"""What makes a `token` one of a tokenizer."""
_WORDS = (
    r"secrets?|passwords?|passwd|pwd|pw|pass|passkeys?|passphrases?|passcodes?|credentials?|creds|auth|authorization|cookies?|signature|sig|jwt"
    r"|bearer|sas|dsn|credentials[_\-]?json|access[_\-]?key[_\-]?id"
    r"|(api|access|account|private|secret|auth|shared[_\-]?access|subscription|[a-z]*customer|encryption|signing|master|ssh|deploy"
    r"|client|webhook|storage|license|licence|admin|root|hmac|aes|gpg|pgp|openai|hf)[_\-]?keys?"
    r"|connection[_\-]?string|session|session[_\-]?(id|token)|(access|oauth|auth|id|refresh|security|bot|user|api|private)token"
    r"|(access|api|auth|bearer|hf|refresh|secret)[_\-]?tokens"
)
_KEY = re.compile(rf"^key$|(^|[_\-.])({_WORDS}|{_NO_SECRET}token)([_\-]?\d+)?$", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where `clientSecret` is two words."""

_PRIVATE_KEY = re.compile(
    r"-{4,5} ?BEGIN (?P<kind>[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?) ?-{4,5}.*?(?:-{4,5} ?END (?P=kind) ?-{4,5}|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_PORT = r"(?:localhost|[^\s/:@]*\.[^\s/:@]*):\d{1,5}(?:[/?#]|$)"
_URL_CREDENTIALS = re.compile(
    rf"(?P<scheme>\b(?:(?:https?|wss?)://(?!{_PORT})|(?!https?:|wss?:)[a-z][a-z0-9+.\-]{{0,30}}://))(?:[^\s/:@?#\[\"<>]{{0,100}}:[^\s\"<>]{{0,500}}|(?<!abfs://)(?<!abfss://)(?<!wasb://)(?<!wasbs://)(?<!az://)[^\s/:?#\"<>]{{1,500}})@",
    re.IGNORECASE,
)
"""`user:password@` or `token@`; a password may itself hold `/` and `@`, so it reaches to the last `@` of the address,
except where a host and its port begin an address of the web: only there may a path hold `@`. Before the `@` of Azure
stands a container, which is no secret."""
_QUERY = re.compile(
    r"(?P<name>(?:^|[?&;#\s~]|%3F|%26|--params[= ])[\w.\-]{0,40}?(?:(?<!eos_)(?<!bos_)(?<!pad_)(?<!unk_)(?<!mask_)token"
    r"|sig|signature|credential|secret|password|passwd|pwd|(?<![a-z_\-])pass|auth|jwt|session(?:[_\-]?id)?|(?<=[?&])code"
    r"|phpsessid|(?<![a-z])sid|(?<=[?&])ticket|hdnts|hmac|api[_\-]?key|access[_\-]?key(?:id)?|(?<![a-z])key)(?:=|%3D))[^&;#\s\"'<>]+",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?P<name>\b(?:(?:proxy-)?authorization|(?:private|job|deploy)-token|x-[a-z\-]{0,40}(?:key|token|auth|secret))[\"']?\s*[:=]\s*[\"']?)(?!\s|<hidden>)[^\r\n\"',;<>]+",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"(?P<name>\b(?:set-)?cookie[\"']?\s*[:=]\s*[\"']?)(?:[^\s=;\"'<>]+=[^\r\n\"'<>]+|(?=[^\s\"'<>]*\d)[^\s;\"'<>]{6,})",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?P<name>(?<![a-z_\-])token\\*[\"']?\s*[:=]\s*\\*[\"']?)(?=[^\s\"'<>]*\d)[^\s;,&\"'<>|]{6,}", re.IGNORECASE
)
_OPTION = re.compile(
    r"(?P<name>(?:--(?!(?:eos|bos|pad|unk|mask)-)(?:[a-z]{1,20}-){0,3}(?:token|password|passwd|secret|(?:api|access)-key)\s+"
    r"|(?<=\s)(?:-u|--user)\s+[^\s:\"']+:|(?<=\s)-p(?=[^\s]*\d)|\blogin\s+\S{1,40}\s+password\s+))(?!<hidden>)[^\s\-\"'][^\s\"']*",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<name>\bbearer\s+)(?=[^\s\"']*\d|[^\s\"']{16})[\w.~+/=\-]{6,}", re.IGNORECASE)
_DIGEST = re.compile(r"(?P<name>\bdigest\s+\w+=)[^\r\n]{10,}", re.IGNORECASE)
_PAIR = re.compile(
    r"(?P<name>(?<![\w@./:-])(?:[a-z][\w.\-]{0,30}:|jdbc:[\w:]{3,40}:[\w.\-]{1,30}/))(?=[^\s@:/]*[A-Za-z])[^\s@:/\"'<>]{4,100}@(?=[a-z0-9])",
    re.IGNORECASE,
)
"""`user:password@host` without a scheme."""
_BASIC = re.compile(r"(?P<name>\bbasic\s+)(?P<value>[A-Za-z0-9+/]{8,}={0,2})", re.IGNORECASE)
_QUOTE = r"(?:\\*[\"'])?"
_QUOTED = r"\\+\"[^\"]+|\\+'[^']+|\"[^\"]+\"|'[^']+'"
_PASSWORD_NAME = (
    r"[a-z0-9_\-]{0,40}(?:password|passwd|passphrase|passcode|pwd|(?<![a-z0-9_\-])pw|密码|口令|密钥)"
    rf"{_QUOTE}\s*[:=：]"
)
_PASSWORD = re.compile(
    rf"(?P<name>{_PASSWORD_NAME}\s*)(?!<hidden>)"
    rf"(?:{_QUOTED}|[^\s;,&\"'<>]+(?: (?!{_PASSWORD_NAME})[^\s;,&\"'<>]+){{0,8}})",
    re.IGNORECASE,
)
"""Without quotes it may be of several words."""
_ASSIGNED = re.compile(
    r"(?P<name>(?<![a-z])(?:(?<![_\-])pass|[a-z_\-]{0,40}secrets?|(?:[a-z]{1,20}[_\- ]){0,3}(?:api|access|account"
    r"|private|auth|sharedaccess|shared_access|secret|subscription|encryption|signing|master)[_\- ]?key(?:s|[_\-]?id)?"
    rf"|(?:access|o?auth|refresh|session|security|bearer|hf)[_\- ]?token){_QUOTE}\s*[:=]\s*)"
    rf"(?!<hidden>)(?:{_QUOTED}|[^\s;,&\"'<>]+)",
    re.IGNORECASE,
)
_KEY_OF_DIGITS = re.compile(
    r"(?P<name>\b(?:key|token)\s*[:=]?\s+|\b(?:key|token)[:=])(?=[\w+/=\-]{0,200}\d)[\w+/=\-]{16,}", re.IGNORECASE
)
_PREFIXED = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=/bot))(AGE-SECRET-KEY-1[A-Za-z0-9]{6,}|hf_[A-Za-z0-9]{16,}|[sr]k[-_][A-Za-z0-9_\-]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}"
    r"|glpat-[\w\-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|xox[abeprs]-[\w\-]{8,}|xapp-[\w\-]{8,}|AIza[\w\-]{30,}|ya29\.[\w\-]{16,}"
    r"|npm_[A-Za-z0-9]{16,}|pypi-[\w\-]{16,}|SG\.[\w\-]{16,}|hvs\.[\w\-]{16,}|dop_v1_\w{16,}|nvapi-[\w\-]{16,}"
    r"|gsk_[A-Za-z0-9]{16,}|r8_[A-Za-z0-9]{16,}|dckr_pat_[\w\-]{16,}|(?<=hooks\.slack\.com/services/)[\w/]{6,}"
    r"|GOCSPX-[\w\-]{16,}|shp(?:at|ca|pa|ss)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{16,}|dapi[a-f0-9]{16,}"
    r"|(?<=discord\.com/api/webhooks/)[\w/\-]{6,}|(?<=discordapp\.com/api/webhooks/)[\w/\-]{6,}|(?<=/bot)\d{3,12}:[\w\-]{6,}|\d{8,10}:[\w\-]{30,}"
    r"|eyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]{8,})"
)
_ANNOUNCED = re.compile(
    r"--?(?P<option>[\w\-]{1,60})|(?P<header>[\w\-]{1,60}):(?: *(?:bearer|basic|token))?", re.IGNORECASE
)
_NAMED = (_QUERY, _DIGEST, _HEADER, _COOKIE, _BEARER, _PASSWORD, _PAIR, _ASSIGNED, _TOKEN, _OPTION, _KEY_OF_DIGITS)


def redact(value: Any, key: str = "") -> Any:
    """Return a JSON value with everything secret replaced by `<hidden>`; numbers and booleans are never secret.

    All text below a key of a secret is hidden.
    """
    return _redact(value, is_secret=_is_secret(key))


def _redact(value: Any, *, is_secret: bool) -> Any:
    if isinstance(value, Mapping):
        return {
            redact_text(name) if isinstance(name, str) else name: _redact(
                each, is_secret=is_secret or _is_secret(str(name))
            )
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        pairs = zip(value, [None, *value], strict=False)
        return [_redact(each, is_secret=is_secret or _announces(previous)) for each, previous in pairs]
    if not isinstance(value, str):
        return value
    return HIDDEN if is_secret and value else redact_text(value)


def _announces(word: Any) -> bool:
    """Whether a word of a command line says that the next one is secret: `--password`, `Authorization: Bearer`."""
    called = _ANNOUNCED.fullmatch(word) if isinstance(word, str) else None
    return called is not None and _is_secret(called["option"] or called["header"])


def _is_secret(key: str) -> bool:
    return _KEY.search(_HUMP.sub("_", key)) is not None


def redact_text(text: str) -> str:
    """Return a text with every credential in it replaced by `<hidden>`. What is redacted once stays as it is."""
    text = _PRIVATE_KEY.sub(HIDDEN, text)
    text = _URL_CREDENTIALS.sub(rf"\g<scheme>{HIDDEN}@", text)
    for pattern in _NAMED:
        text = pattern.sub(rf"\g<name>{HIDDEN}", text)
    text = _BASIC.sub(_without_basic, text)
    return _PREFIXED.sub(HIDDEN, text)


class _Redacted(logging.Filter):
    """Redact a line of the log and the traceback under it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace message and traceback; every record passes."""
        record.msg, record.args = redact_text(record.getMessage()), None
        if record.exc_info:
            record.exc_text = redact_text(logging.Formatter().formatException(record.exc_info))
        return True


def redact_log() -> None:
    """Redact what all handlers of the log write from now on; Kedro takes no filters and handlers of ours from conf."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(each, _Redacted) for each in handler.filters):
            handler.addFilter(_Redacted())


def _without_basic(match: re.Match[str]) -> str:
    """Hide `Basic <base64 of user:password>`; any other word may follow `basic`."""
    try:
        is_pair = b":" in base64.b64decode(match["value"], validate=True)
    except binascii.Error:
        is_pair = False
    return f"{match['name']}{HIDDEN}" if is_pair else match[0]
