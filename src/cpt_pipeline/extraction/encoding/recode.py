"""Any text as UTF-8 bytes, so that lines, rows and JSON are split in one way whatever the encoding.

Undecodable bytes come out as bytes 0xFF, one for each, which UTF-8 never holds: a strict decoding of the piece they
are in fails, a lenient one counts them, and the pieces around it stay whole.
"""

from __future__ import annotations

import codecs

from cpt_pipeline.extraction.encoding.decode import decode, detect
from cpt_pipeline.extraction.reading import CHUNK_BYTES, ByteStream, StreamFault

_BOM = codecs.BOM_UTF8
_BAD = "\udcff"


class Utf8Stream:
    """The text of `stream` as UTF-8 without a byte order mark; `encoding` names what it was."""

    def __init__(self, stream: ByteStream, encoding: str | None) -> None:
        self._stream = stream
        sample, self._error = _sample(stream)
        self._ended = len(sample) < CHUNK_BYTES and self._error is None
        self.encoding = decode(_whole_lines(sample), encoding).encoding if encoding else detect_lines(sample)
        self._decoder = None if _is_utf8(self.encoding) else codecs.getincrementaldecoder(self.encoding)("cpt_mark")
        self._waiting = self._recode(sample).removeprefix(_BOM)

    def peek(self) -> bytes:
        """Give what the first `read` is going to take from: at most a few MiB, all of a file that is shorter."""
        return self._waiting

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes."""
        while not self._waiting and not self._ended:
            if self._error is not None:
                raise self._error
            self._waiting = self._recode(self._stream.read(CHUNK_BYTES))
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken

    def _recode(self, raw: bytes) -> bytes:
        self._ended = self._ended or not raw
        if self._decoder is None:
            return raw
        return self._decoder.decode(raw, self._ended).encode("utf-8", "cpt_mark")


def read_sample(stream: ByteStream) -> bytes:
    """Take the first MiB, or all there is."""
    sample, error = _sample(stream)
    if error is not None:
        raise error
    return sample


def detect_lines(sample: bytes) -> str:
    """Name the encoding of a file of lines, some of which may be broken.

    It is UTF-8 if the lines that are right UTF-8 hold most of the bytes beyond ASCII. (Of the lines of 26 books in
    GB18030, 0.6 % are right UTF-8 by chance.) If not, the sample as a whole is judged.
    """
    lines = [line for line in sample.split(b"\n") if not line.isascii()] if b"\0" not in sample else []
    num_right = sum(_num_beyond_ascii(line) for line in lines if _decodes(line))
    if num_right * 2 > sum(map(_num_beyond_ascii, lines)):
        return "utf-8"
    return detect(sample)


def decode_utf8(piece: bytes) -> tuple[str, int]:
    """Give the text of a piece of a `Utf8Stream`, bad bytes as U+FFFD, and their number."""
    try:
        return piece.decode("utf-8"), 0
    except UnicodeDecodeError:
        escaped = piece.decode("utf-8", "surrogateescape")
        return piece.decode("utf-8", "replace"), sum("\udc80" <= character <= "\udcff" for character in escaped)


def _sample(stream: ByteStream) -> tuple[bytes, StreamFault | OSError | None]:
    held = bytearray()
    try:
        while len(held) < CHUNK_BYTES and (chunk := stream.read(CHUNK_BYTES - len(held))):
            held += chunk
    except (StreamFault, OSError) as error:
        return bytes(held), error
    return bytes(held), None


def _whole_lines(sample: bytes) -> bytes:
    return sample[: sample.rfind(b"\n") + 1] or sample


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}


def _num_beyond_ascii(line: bytes) -> int:
    return len(line) - len(line.decode("ascii", "ignore"))


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mark(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        return _BAD * (error.end - error.start), error.end
    if isinstance(error, UnicodeEncodeError):
        return b"\xff" * (error.end - error.start), error.end
    raise error


codecs.register_error("cpt_mark", _mark)
