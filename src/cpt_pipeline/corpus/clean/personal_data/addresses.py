"""E-mail addresses, plain and hidden ("name [at] host dot com"), and addresses of hosts on the public internet.

An address is looked for around its `@`, in a window as long as an address may be, so that no text can make the search
slow. What names no mailbox or no single public host is left: reserved domains (RFC 2606), ISO 3166 codes that are never
top-level domains (surrogates live there), private networks, well-known resolvers, version numbers.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

from cpt_pipeline.corpus.clean.personal_data.mailboxes import domain_end, local_start
from cpt_pipeline.corpus.clean.personal_data.number_cues import nearest_cue
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span, fold

UNASSIGNED_TLDS: Final = (
    *("aa", "zz"),
    *(f"q{last}" for last in "mnopqrstuvwxyz"),
    *(f"x{last}" for last in "abcdefghijlmnopqrstuvwxyz"),
)
"""User-assigned codes of ISO 3166-1, which are no countries; XK is left out, as Kosovo uses it."""
_RESERVED_TLDS: Final = frozenset(
    ("test", "example", "invalid", "localhost", "local", "lan", "internal", *UNASSIGNED_TLDS)
)

_NAMES_A_PATH: Final = re.compile(r":[A-Za-z~/_]")
_ARTICLES: Final = frozenset(("a", "an", "the"))
"""No domain: "at the dot com party"."""
_NO_NAMES: Final = frozenset(
    """
    about all and anyone anything are available based be beautiful been best book books buy check click contact day
    deal deals directly everyone everything find found free from get go going great had has have help her here high
    him home hosted how i is it items job jobs join just learn life like list listed live living look looked looking
    looks low luck me meet met more new news next night not now off offers on one online only open or order orders
    our out people prices read run sale save search see seen sell sells shop shopping sign sold start stay stop
    store team that them there these they thing things this those time today tomorrow up us visit was watch we were
    what when where who work worked working works you your yours
    """.split()  # noqa: SIM905
)
"""Words that stand before "at" in a sentence: "look at example dot com" is no mailbox."""
_COMMON_TLD: Final = re.compile(r"\.(?:com|net|org|edu|gov|cn|hk|tw|de|fr|uk|jp|ru|it|es|nl|ch|eu|io|info)$")
_MAY_STAND_APART: Final = re.compile(
    r"(?:e-?mail|邮箱|邮件|郵箱|邮址|contact|write to)\W{0,3}[^@\s]*$|[A-Za-z0-9][0-9._-]+[A-Za-z0-9]*$", re.IGNORECASE
)
"""Before an `@` between blanks: "see you @ corner.com" is no mailbox, a label or a mark inside the name tells one."""
_CALLS: Final = re.compile(r"[(\[]")
"""Behind a name under no common domain: `W@x.mean()` multiplies matrices."""
_IN_URL: Final = re.compile(r"://[^\s/@]{0,80}$")
_SURE_AT: Final = r"(?:\s?[\[({<]\s?(?:at|AT|At|@|艾特)\s?[\])}>]\s?|\s?艾特\s?)"
_AT: Final = rf"(?:{_SURE_AT}|\s(?:at|AT)\s)"
_DOT: Final = r"(?:\s?[\[({<]\s?(?:dot|DOT|Dot|\.|点)\s?[\])}>]\s?|\s(?:dot|DOT)\s|\s?点\s?)"
_ANY_DOT: Final = rf"(?:\.|{_DOT})"
_WORD: Final = r"[A-Za-z0-9_+-]{1,40}"
_HIDDEN: Final = re.compile(
    rf"(?<![A-Za-z0-9_.+/-])(?:{_WORD}(?:(?:{_ANY_DOT}|/){_WORD}){{0,6}}(?:"
    # "at" in brackets is enough; the word alone needs a spelled dot too: "available at example.org" is no mailbox.
    rf"{_SURE_AT}{_WORD}(?:{_ANY_DOT}{_WORD}){{0,4}}?{_ANY_DOT}[A-Za-z]{{2,24}}"
    rf"|(?:\s(?:at|AT)\s|@){_WORD}(?:{_ANY_DOT}{_WORD}){{0,4}}?{_DOT}[A-Za-z]{{2,24}})"
    r"|[a-z0-9_.+-]{1,64} AT (?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24})"
    rf"(?![A-Za-z0-9_-]|{_DOT}|\.[A-Za-z])"
)
_HASHED: Final = re.compile(
    r"(?<![A-Za-z0-9_.+#-])[A-Za-z0-9][A-Za-z0-9._+-]{0,62}#(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9_-])"
)
_HASH_EXPLAINED: Final = re.compile(
    r"#[^\n]{0,12}?(?:换|改|替|代|replace|->|→|=|is|for|instead)[^\n]{0,8}?(?:@|at\b)|@[^\n]{0,10}(?:#|井)"
)
_HINT_OF_HIDDEN: Final = re.compile(
    r"[\[({<（【［]\s?(?:at|AT|At|[@＠]|艾特|dot|DOT|Dot|\.|点)\s?[\])}>）】］]|\s(?:AT|dot|DOT)\s|艾特"
    r"|[A-Za-z0-9]\s?点\s?(?:com|cn|net|org|edu)(?![A-Za-z])"
)
_MARKS_OF_HIDDEN: Final = (
    *"[({<（【［点",
    "艾特",
    *(f"{word}{end}" for word in ("AT", "dot", "DOT") for end in " \n\t\u3000\u00a0"),
)
_DOT_WORD: Final = re.compile(_DOT)
_AT_WORD: Final = re.compile(_AT)

_IPV4: Final = re.compile(
    r"(?<![A-Za-z0-9_.-])(?<![0-9]:)(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    r"(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}(?![A-Za-z0-9_]|\.[0-9A-Za-z]|-[0-9A-Za-z])"
)
_IPV6: Final = re.compile(r"(?<![A-Za-z0-9_:.])[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7}(?![A-Za-z0-9_:]|\.[0-9])")
_UNROUTED_V6: Final = tuple(map(ipaddress.IPv6Network, ("2001:db8::/32", "3fff::/20", "2001::/23")))
_GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
_PREFIX_LENGTH: Final = re.compile(r"/[0-9]{1,3}(?![0-9.])")
_NEAR: Final = 120
"""Characters of a hidden address on each side of what tells it."""
_FEW_VERSIONS: Final = 40
"""Without any word about it, four numbers all below this are taken for a version."""


class Emails:
    """Finds addresses of mailboxes. `allowed` are patterns, matched against the whole address in small letters."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        self._allowed = tuple(re.compile(pattern) for pattern in allowed)

    def find(self, text: str) -> Iterator[Span]:
        """Give plain addresses, then hidden ones."""
        if "@" in text or "＠" in text:
            yield from self._plain(text)
        folded = ""
        hints = _HINT_OF_HIDDEN.finditer(text) if any(map(text.__contains__, _MARKS_OF_HIDDEN)) else ()
        for start, end in _windows(hint.span() for hint in hints):
            folded = folded or fold(text)
            yield from self._matches(_HIDDEN, folded, start, end)
        if "#" in text or "＃" in text:
            folded = folded or fold(text)
            for start, end in _windows(hint.span() for hint in _HASH_EXPLAINED.finditer(folded)):
                yield from self._matches(_HASHED, folded, start, end)

    def _plain(self, text: str) -> Iterator[Span]:
        for at in re.finditer("[@＠]", text):
            place = at.start()
            before, after = fold(text[max(0, place - 200) : place]), fold(text[place + 1 : place + 256])
            gap = int(before.endswith(" ") and after.startswith(" "))
            name, host_end = local_start(before[: len(before) - gap]), domain_end(after, gap)
            if name is None or host_end is None or _NAMES_A_PATH.match(after, host_end):
                continue
            common = _COMMON_TLD.search(after[gap:host_end]) is not None
            if gap and not (common and _MAY_STAND_APART.search(before[:-1])):
                continue
            if not common and (_CALLS.match(after, host_end) or before[name - 1 : name] == "\\"):
                continue
            start, end = place - len(before) + name, place + 1 + host_end
            if not _IN_URL.search(text[max(0, start - 90) : start]) and self._is_mailbox(text[start:end]):
                yield Span(start, end, "email")

    def _matches(self, pattern: re.Pattern[str], folded: str, start: int, end: int) -> Iterator[Span]:
        for found in pattern.finditer(folded, start, end):
            if self._is_mailbox(found.group()):
                yield Span(found.start(), found.end(), "email")

    def _is_mailbox(self, written: str) -> bool:
        address = plain_address(written)
        labels = address.partition("@")[2].split(".")
        if labels[0] in _ARTICLES or (_AT_WORD.search(fold(written)) and address.partition("@")[0] in _NO_NAMES):
            return False
        if labels[-1] in _RESERVED_TLDS or any(label.startswith("-") or label.endswith("-") for label in labels):
            return False
        return not any(pattern.fullmatch(address) for pattern in self._allowed)


class Hosts:
    """Finds addresses of single hosts that are routed publicly. `known` are addresses that belong to everybody."""

    def __init__(self, known: tuple[str, ...] = ()) -> None:
        self._known = frozenset(map(ipaddress.ip_address, known))

    def find(self, text: str) -> Iterator[Span]:
        """Give addresses of version 4, then of version 6."""
        if not any(map(text.__contains__, "0123456789")):
            return
        if text.count(".") > 2:
            for found in _IPV4.finditer(text):
                if self._is_host(found.group(), text, found.end()) and _is_no_version(found, text):
                    yield Span(found.start(), found.end(), "ip")
        if text.count(":") > 1:
            for found in _IPV6.finditer(text):
                end = found.end() - (found.group().endswith(":") and not found.group().endswith("::"))
                if self._is_host(text[found.start() : end], text, end):
                    yield Span(found.start(), end, "ip")

    def _is_host(self, written: str, text: str, end: int) -> bool:
        try:
            address = ipaddress.ip_address(written)
        except ValueError:
            return False
        if address in self._known or _PREFIX_LENGTH.match(text, end):
            return False
        if isinstance(address, ipaddress.IPv6Address):
            return address in _GLOBAL_V6 and not any(address in network for network in _UNROUTED_V6)
        return address.is_global and not address.is_multicast


def plain_address(written: str) -> str:
    """Write an address the usual way: small letters, `@` and dots, without blanks."""
    address = _DOT_WORD.sub(".", _AT_WORD.sub("@", fold(written), count=1))
    return (address if "@" in address else address.replace("#", "@", 1)).replace(" ", "").lower()


def split_address(written: str) -> tuple[str, str, str]:
    """Split an address into its local part, what stands for `@`, and its domain, as they are written."""
    at = _AT_WORD.search(fold(written)) or re.search("[@#]", fold(written))
    assert at is not None
    return written[: at.start()], written[at.start() : at.end()], written[at.end() :]


def dot_pieces(written: str) -> list[tuple[str, bool]]:
    """Split a part of an address at its dots, plain or spelled: (piece, whether it is a dot)."""
    pieces, place = [], 0
    for dot in re.finditer(rf"{_DOT}|\.", fold(written)):
        pieces += [(written[place : dot.start()], False), (written[dot.start() : dot.end()], True)]
        place = dot.end()
    return [*pieces, (written[place:], False)]


def _windows(hints: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is near the hints, in pieces that do not overlap."""
    last: tuple[int, int] | None = None
    for start, end in hints:
        if last is not None and start - _NEAR <= last[1]:
            last = (last[0], end + _NEAR)
            continue
        if last is not None:
            yield last
        last = (max(0, start - _NEAR), end + _NEAR)
    if last is not None:
        yield last


_TITLE: Final = re.compile(r"[ \t\u3000](?:[\u4e00-\u9fff]|[A-Z][a-z]+(?: [a-z]|\s*$))", re.MULTILINE)
_MAX_SECTION: Final = 31


def _is_section(found: re.Match[str], text: str) -> bool:
    """Return whether a number begins a line and a title follows: `12.4.50.2 Requirements for pumps`."""
    start = text.rfind("\n", 0, found.start()) + 1
    is_first = not text[start : found.start()].strip(" \t#*\u3000")
    return (
        is_first
        and int(found.group().partition(".")[0]) <= _MAX_SECTION
        and _TITLE.match(text, found.end()) is not None
    )


def _is_no_version(found: re.Match[str], text: str) -> bool:
    cue = nearest_cue(text, found.start(), ("host", "version"))
    if cue == "host":
        return True
    return cue is None and not _is_section(found, text) and max(map(int, found.group().split("."))) >= _FEW_VERSIONS
