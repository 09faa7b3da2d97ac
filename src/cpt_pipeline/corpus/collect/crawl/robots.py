"""robots.txt as RFC 9309 reads it: which paths of a host a crawler may fetch, and how fast.

The most specific rule wins, `*` and `$` are wildcards, and all groups that name the crawler count together.
Own code because `urllib.robotparser` takes the first rule that fits and knows no wildcards, so that `Disallow: /*.pdf`
would not be kept. It parses text; fetching it and what a missing file means are the crawler's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from requests.utils import requote_uri

MAX_BYTES = 500 << 10
"""RFC 9309 2.5: what a crawler must read at least; we read no more."""
_TOKEN = re.compile(r"[A-Za-z_-]+")
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_MAX_DELAY_SECONDS = 3600.0


@dataclass(frozen=True)
class Robots:
    """What a robots.txt says to one crawler. Without rules everything is allowed."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Pattern, and whether it allows."""
    delay_seconds: float = 0.0
    """`Crawl-delay`, which is no part of the RFC; at most an hour."""

    def allows(self, path: str) -> bool:
        """Say whether a path with its query may be fetched; of rules of one length, the one that allows wins."""
        plain = _normalise(path)
        fitting = [(len(pattern), allowed) for pattern, allowed in self.rules if _fits(pattern, plain)]
        return max(fitting, default=(0, True))[1]


@dataclass
class _Group:
    agents: set[str] = field(default_factory=set)
    rules: list[tuple[str, bool]] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    closed: bool = False
    """A line other than `User-agent` has been read, so the next `User-agent` begins a new group."""


def parse_robots(text: str, user_agent: str) -> Robots:
    """Read the rules for `user_agent` (its product token counts: `bot` of `bot/1.0 (+url)`), else those for `*`."""
    groups = _read_groups(text)
    named = [group for group in groups if _token(user_agent) in group.agents]
    chosen = named or [group for group in groups if "*" in group.agents]
    return Robots(
        rules=tuple(rule for group in chosen for rule in group.rules),
        delay_seconds=max((delay for group in chosen for delay in group.delays), default=0.0),
    )


def _read_groups(text: str) -> list[_Group]:
    groups: list[_Group] = []
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        if not colon:
            continue
        if key.lower() == "user-agent":
            if not groups or groups[-1].closed:
                groups.append(_Group())
            groups[-1].agents.add("*" if value == "*" else _token(value))
        elif groups:
            _add(groups[-1], key.lower(), value)
    return groups


def _add(group: _Group, key: str, value: str) -> None:
    if key in ("allow", "disallow"):
        group.closed = True
        if value:
            group.rules.append((_normalise(value), key == "allow"))
    elif key == "crawl-delay":
        group.closed = True
        if re.fullmatch(r"\d{1,9}(\.\d+)?", value, re.ASCII):
            group.delays.append(min(float(value), _MAX_DELAY_SECONDS))


def _token(user_agent: str) -> str:
    found = _TOKEN.match(user_agent)
    return found[0].lower() if found else user_agent.lower()


def _normalise(path: str) -> str:
    """Bring percent-encoding into one form, so that `/%7ejoe` and `/~joe`, `/ö` and `/%C3%B6` are the same path."""
    return _ESCAPE.sub(lambda found: found[0].upper(), str(requote_uri(path)))


def _fits(pattern: str, path: str) -> bool:
    """Match without a regular expression: a hostile file could make one take for ever."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not anchored or path == first
    position = len(first)
    for part in rest[:-1]:
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    if anchored:
        return path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= position
    return path.find(rest[-1], position) >= 0
