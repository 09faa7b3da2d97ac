"""Hosts and addresses of which no document is wanted: lists of the user, and those that datatrove ships.

A list is a text file. A line names a host with all below it (`spam.example`), an address (`https://site.example/ads/1`),
or, with `*` in it, a pattern of addresses (`*/tag/*`); `#` begins a comment, and `0.0.0.0 host`, as in a hosts file, is
its host. The shipped lists are those that FineWeb was made with: 4.6 million hosts of adult sites and the like
(Université Toulouse Capitole) and words of their addresses. Hosts and addresses are kept as 64-bit hashes.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt
from pydantic import Field
from xxhash import xxh3_64_intdigest

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import DropNulls, Params

Policy = Literal["exclude", "count"]

_SHIPPED: Final = "datatrove"
_SHIPPED_ARCHIVE: Final = "url_filterblacklistsv0_3_0.tar.gz"
_MIN_SOFT_WORDS: Final = 2
"""Words that are common, but seldom two of them in one address; as datatrove and FineWeb have it."""
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_IP_OF_HOSTS_FILE: Final = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+")
_DRESS: Final = re.compile(r"^(?:\|\||\.)([^\s/*]+?)\^?$")
"""`.host` of hosts lists and `||host^` of ad blockers."""
_HOST: Final = re.compile(r"[^\s/:@]+\.[^\s/:@.]+|[0-9a-f:]+:[0-9a-f:]*")


class AddressListParams(Params):
    """One list and what its hits mean."""

    file: InputFile
    policy: Policy = "exclude"


class BlockedAddressesParams(Params):
    """`clean.blocked_addresses` in conf; documents without an address are not judged."""

    lists: Annotated[dict[str, AddressListParams], DropNulls] = Field({})
    """Name of a list to what it is."""
    shipped: Literal["off"] | Policy = "off"
    """The lists inside datatrove; each worker takes some seconds to read them."""


@dataclass(frozen=True)
class Blocked:
    """A hit of a list."""

    list: str
    what: str
    """The host, address, pattern or words that were found."""
    policy: Policy


class BlockedAddresses:
    """All lists, ready to be asked."""

    def __init__(self, lists: dict[str, tuple[_List, Policy]]) -> None:
        self._lists = lists

    @classmethod
    def load(cls, params: BlockedAddressesParams) -> BlockedAddresses:
        """Read the lists; `ParameterError` names every file and line that is wrong."""
        problems: list[str] = []
        lists = {name: (_read_list(each.file, problems), each.policy) for name, each in sorted(params.lists.items())}
        if _SHIPPED in lists:
            problems.append(f"{_SHIPPED}: the name of the shipped lists; choose another")
        raise_all(ParameterError, "Lists of blocked addresses (conf: clean.blocked_addresses.lists):", problems)
        if params.shipped != "off":
            lists[_SHIPPED] = (_read_shipped(), params.shipped)
        return cls(lists)

    def find(self, address: str | None) -> list[Blocked]:
        """Return the lists that an address is on, by name; none where it names no host."""
        parts = _split(address) if address and self._lists else None
        if parts is None:
            return []
        hits = ((name, one.find(*parts), policy) for name, (one, policy) in self._lists.items())
        return [Blocked(name, what, policy) for name, what, policy in hits if what is not None]


Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class _List:
    hosts: Hashes
    addresses: Hashes
    patterns: tuple[str, ...] = ()
    words: _Words | None = None

    def find(self, host: str, address: str) -> str | None:
        """Return what of the list an address is or holds."""
        above = next((name for name in _hosts_above(host) if _holds(self.hosts, name)), None)
        if above is not None:
            return above
        if _holds(self.addresses, address):
            return address
        pattern = next((each for each in self.patterns if fnmatchcase(address, each)), None)
        return pattern or (self.words.find(address) if self.words else None)


@dataclass(frozen=True)
class _Words:
    """Words that tell an address: one of the hard, two of the soft, or a hard one inside others."""

    hard: frozenset[str]
    soft: frozenset[str]
    inside: frozenset[str]

    def find(self, address: str) -> str | None:
        """Return the words that tell it."""
        words = set(_NO_WORD.split(address))
        if hard := words & self.hard:
            return min(hard)
        if len(soft := words & self.soft) >= _MIN_SOFT_WORDS:
            return ", ".join(sorted(soft))
        joined = _NO_WORD.sub("", address)
        return min((word for word in self.inside if word in joined), default=None)


def _split(address: str) -> tuple[str, str] | None:
    """Return host and address in one form: small letters, no scheme, `www.`, port, fragment, final slash or escapes."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if not _HOST.fullmatch(host):
        return None
    query = f"?{parts.query}" if parts.query else ""
    host = _spoken(host)
    return host, f"{host.removeprefix('www.')}{unquote(parts.path.rstrip('/') + query)}".lower()


def _spoken(host: str) -> str:
    """Return a host as its readers write it: `例子.example` of `xn--fsqu00a.example`."""
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def _kind_of_line(line: str) -> tuple[str | None, str]:
    """Return what a line is, and the form in which it is looked for; None for what is nothing of it."""
    line = _DRESS.sub(r"\1", line)
    if "*" in line:
        return "pattern", line.partition("://")[2] or line
    parts = _split(line)
    if parts is None or any(map(str.isspace, line)):
        return None, line
    host, address = parts
    return ("host" if address == host.removeprefix("www.") else "address"), address


def _hosts_above(host: str) -> Iterator[str]:
    """Yield a host and those that it is below, without the top-level domain."""
    labels = host.split(".")
    yield from (".".join(labels[number:]) for number in range(len(labels) - 1))


def _lines(path: Path, problems: list[str]) -> Iterator[str]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return
    for number, line in enumerate(raw.split(b"\n"), 1):
        try:
            yield re.sub(r"(?:^|\s)#.*", "", line.decode("utf-8-sig")).strip()
        except UnicodeDecodeError:
            problems.append(f"{path}:{number}: not UTF-8; store the file as UTF-8")
            yield ""


def _read_list(path: Path, problems: list[str]) -> _List:
    lines: dict[str, list[str]] = {"host": [], "address": [], "pattern": []}
    for number, line in enumerate(_lines(path, problems), 1):
        named = _IP_OF_HOSTS_FILE.sub("", line, count=1)
        if not line or (named != line and "." not in named):  # 127.0.0.1 localhost
            continue
        kind, written = _kind_of_line(named.lower())
        if kind is None:
            problems.append(f"{path}:{number}: {line!r} is no host, no address and no pattern with *")
        else:
            lines[kind].append(written)
    hosts, addresses = (_hashed(name.encode() for name in lines[kind]) for kind in ("host", "address"))
    return _List(hosts, addresses, tuple(sorted(set(lines["pattern"]))))


def _assets() -> Path:
    """Return the folder of datatrove's lists; datatrove itself is not imported, since conf is read with this module."""
    found = find_spec("datatrove")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "assets"


def _read_shipped() -> _List:
    folder = _assets()

    def words(name: str) -> frozenset[str]:
        listed = (folder / name).read_text("utf-8").splitlines()
        return frozenset(_NO_WORD.sub("", line.lower()) for line in listed if line[:1] != "#") - {""}

    with tarfile.open(folder / _SHIPPED_ARCHIVE, "r:gz") as archive:
        hosts, addresses = (_hashed(_lines_of(archive, name)) for name in ("domains", "urls"))
    told = _Words(words("banned_words.txt"), words("soft_banned_words.txt"), words("banned_subwords.txt"))
    return _List(hosts, addresses, words=told)


def _lines_of(archive: tarfile.TarFile, name: str) -> Iterator[bytes]:
    stream = archive.extractfile(name)
    assert stream is not None, name
    yield from (line.rstrip(b"\n") for line in stream)


def _hashed(names: Iterable[bytes]) -> Hashes:
    return np.unique(np.fromiter(map(xxh3_64_intdigest, names), np.uint64))


def _holds(hashes: Hashes, name: str) -> bool:
    wanted = np.uint64(xxh3_64_intdigest(name.encode()))
    place = int(np.searchsorted(hashes, wanted))
    return place < hashes.size and hashes[place] == wanted
