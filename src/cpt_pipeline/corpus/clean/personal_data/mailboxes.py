"""The two sides of an `@`: where the name of a mailbox begins and where the name of its host ends, in any script.

Running text without blanks touches an address, so a name goes on only as long as its script does. ASCII and Latin
letters with marks are one script; a name in Chinese, Japanese or Korean letters is short and stands behind a mark or a
blank. Scripts without blanks between words (Thai, Lao, Khmer, Burmese) are not read. All text here is folded.
"""

from __future__ import annotations

import re
from typing import Final

_LATIN: Final = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_EAST_ASIAN: Final = r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_NO_BLANKS: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_OTHER: Final = rf"[^\W0-9_{_LATIN}{_EAST_ASIAN}{_NO_BLANKS}]"
_LATIN_LOCAL: Final = re.compile(rf"[{_LATIN}0-9_](?:[{_LATIN}0-9._%+'-]{{0,62}}[{_LATIN}0-9_+-])?$")
_LOCALS: Final = (
    re.compile(rf"{_OTHER}(?:(?:{_OTHER}|[0-9._-]){{0,62}}(?:{_OTHER}|[0-9]))?$"),
    _LATIN_LOCAL,
    re.compile(rf"(?<!\w)(?!(?:关注|關注|转发|来自|感谢|回复|联系|提醒)$)[{_EAST_ASIAN}]{{1,4}}$"),
)
_SEVERAL: Final = re.compile(
    r"(?:\\?\{\s?[\w.+-]{1,40}(?:\s?[,;|/]\s?[\w.+-]{1,40}){0,12}\s?\\?\}|(?<![\w./:@-])(?:[A-Za-z][\w.+-]{0,40}/){1,6})$"
)
"""People at one host, as papers print them: `{alice,bob}@` whole, `alice/` before `bob@`."""

_DOMAIN: Final = re.compile(rf"(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}[A-Za-z]{{2,24}}(?![{_LATIN}0-9_-])")
_INTERNATIONAL: Final = re.compile(
    rf"(?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.){{1,8}}(?:[A-Za-z]{{2,24}}(?![{_LATIN}0-9_-])"
    r"|(?:рф|рус|москва|дети|онлайн|сайт|орг|ком|укр|бел|срб|мкд|бг|қаз|ελ|ευ)(?!\w)"
    r"|中国|中國|公司|网络|網絡|香港|台湾|台灣|新加坡|商城|在线|中文网|集团|政务|公益|网址|みんな|世界|한국|닷컴)"
)


def local_start(before: str) -> int | None:
    """Return where the name that ends `before` (folded) begins; None where none ends there."""
    if before.endswith("}"):
        group = _SEVERAL.search(before)
        return None if group is None else group.start()
    near = before[-64:]
    for local in (_LATIN_LOCAL,) if near.isascii() else _LOCALS:
        if found := local.search(before, len(before) - len(near)):
            return others_start(before, found.start())
    return None


def others_start(before: str, start: int) -> int:
    """Return where the first of several names begins of which the last begins at `start`, joined with slashes."""
    if before[start - 1 : start] != "/":
        return start
    others = _SEVERAL.search(before, max(0, start - 256), start)
    return start if others is None else others.start()


def domain_end(after: str, start: int) -> int | None:
    """Return where the name of the host that begins at `start` of `after` (folded) ends; None where none begins."""
    found = _DOMAIN.match(after, start)
    if found is None and not after.isascii():
        found = _INTERNATIONAL.match(after, start)
    return None if found is None else found.end()
