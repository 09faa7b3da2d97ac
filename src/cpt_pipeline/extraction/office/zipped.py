"""The members of a hostile zip in memory: counted, capped while they unpack, never written to disk.

Names are looked up and never become paths, so one that leads outside (`../x`) harms nobody; it just cannot be asked
for. A zip inside a zip is a member that nobody opens. What a header says of sizes is not believed.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from typing import IO, Literal
from urllib.parse import unquote

from pydantic import Field

from cpt_pipeline.core.params import Params

Reason = Literal["not_zip", "encrypted", "zip_bomb", "too_large", "missing_part"]

_CHUNK_BYTES = 1 << 16
_FREE_BYTES = 1 << 20
"""Short texts of one repeated line pack better than any bound on a ratio; a megabyte harms nobody."""
_ENTRY_MARK = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What EPUB (OCF 3.3) and Office Open XML (ECMA-376 part 2) allow; others have bombs of their own."""


class ZipParams(Params):
    """Caps of one zip."""

    max_entries: int = Field(10_000, ge=1)
    """A zip with more entries is excluded as `zip_bomb`."""
    max_ratio: int = Field(200, ge=1)
    """A member that unpacks to more than this many times its packed size, beyond 1 MiB, is a `zip_bomb`."""
    max_unpacked_bytes: int = Field(256 << 20, ge=1)
    """All members that are read, together; beyond, the file is `too_large`. Pictures are not read."""


class ZipFault(Exception):
    """A zip, or a member of it, that cannot be read; `reason` and `detail` are those of the reading that says so."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason: Reason = reason
        self.detail = detail


class ZipMembers:
    """Read access to the members of one zip, all caps applied. Raises `ZipFault`."""

    def __init__(self, raw: bytes, params: ZipParams) -> None:
        self._params = params
        self._bytes_left = params.max_unpacked_bytes
        # Before the directory is parsed, for its entries cost 500 bytes each. It may count too many, never too few.
        num_entries = raw.count(_ENTRY_MARK)
        if num_entries > params.max_entries:
            raise ZipFault("zip_bomb", f"{num_entries} entries, more than max_entries {params.max_entries}")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
            raise ZipFault("not_zip", str(error)) from None
        self.names = tuple(dict.fromkeys(self._zip.namelist()))
        self._names = frozenset(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes:
        """Give a member, at most as large as the caps allow."""
        if name not in self._names:
            raise ZipFault("missing_part", name)
        info = self._zip.getinfo(name)
        if info.flag_bits & 1:
            raise ZipFault("encrypted", name)
        if info.compress_type not in _METHODS:
            raise ZipFault("not_zip", f"{name}: compression method {info.compress_type}")
        try:
            with self._zip.open(info) as member:
                return self._unpack(name, member, info.compress_size)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
            raise ZipFault("not_zip", f"{name}: {error}") from None

    def _unpack(self, name: str, member: IO[bytes], num_packed: int) -> bytes:
        held = bytearray()
        while chunk := member.read(_CHUNK_BYTES):
            held += chunk
            self._bytes_left -= len(chunk)
            if len(held) > _FREE_BYTES + self._params.max_ratio * num_packed:
                raise ZipFault("zip_bomb", f"{name}: more than {self._params.max_ratio} times its {num_packed} bytes")
            if self._bytes_left < 0:
                raise ZipFault("too_large", f"more than max_unpacked_bytes {self._params.max_unpacked_bytes}")
        return bytes(held)


def resolve(base: str, reference: str) -> str | None:
    """Give the member that a reference in member `base` means; None if it leads outside of the zip or to the web."""
    path = unquote(reference.partition("#")[0])
    if not path or "://" in path or path.startswith("/") or "\\" in path or "\0" in path:
        return None
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
    return None if resolved.startswith("../") or resolved in (".", "..") else resolved
