"""Normalise: the same text in the same bytes, one switchable and counted step after another.

Every step is idempotent, and the sequence is taken until it changes nothing more: cleaning clean text changes nothing.
Repair comes first, because wrongly decoded text holds controls and line ends that the later steps would remove. What
would change the meaning of code, Markdown or LaTeX is not done to them. Numbers and units are in `units`, line ends
inside sentences in `wrapped_lines`, lines that are no text at all in `line_noise`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from functools import cache, partial
from html.entities import html5
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.repair.units import (
    join_thousands,
    space_units,
    spell_unit_signs,
    write_years_in_digits,
)
from cpt_pipeline.corpus.clean.repair.wrapped_lines import rejoin_wrapped_lines

if TYPE_CHECKING:
    from opencc import OpenCC

ZhVariant = Literal["keep", "t2s", "tw2s", "tw2sp", "hk2s", "s2t", "s2tw", "s2twp", "s2hk"]
"""A conversion of OpenCC: from, `2`, to; simplified, traditional, Taiwan, Hong Kong; `p` = words as well."""

_MAX_ROUNDS = 8
_BLANKS = " \t\u3000\xa0"
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NESTED_AMPERSAND = re.compile(r"&(?:(?:amp|#0{0,5}38|#[xX]0{0,4}26);)+")
_LOST_QUOTE = re.compile(r"""â€(?=[ .,;:!?)"'\]]|$)""")
"""`â€\x9d`, a closing quote, whose control was removed by others; ftfy would read `â€ ` as a dagger."""
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_OVERSTRUCK = re.compile("[^\n\b]\b")
"""A character that the next one is printed over: bold and underlined words of `man` and `nroff`."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
_HAN = re.compile(f"[{_CJK}]")
_ASCII_AFTER_CJK = re.compile(rf"(?<=[{_CJK}”’》」』）])[,;:?!](?=[{_CJK}“‘《「『（\s]|$)")
_TAG = re.compile(
    r"</?(?:br|p|div|span|b|i|u|em|strong|font|a|img|center|h[1-6]|[uo]l|li)(?:\s[^<>\n]{0,300})?/?>", re.I
)
_BOOK_TAG = re.compile(rf"^<[{_CJK}]{{1,6}}>", re.M)
_BOOK_QUOTE = re.compile(r"\\x([^\\\n]*)\\x")
_WIDE_LETTERS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code).isalnum()}
_WIDE_LETTER = re.compile("[０-９Ａ-Ｚａ-ｚ]+")
_WIDE_PUNCTUATION = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if not chr(code).isalnum()} | {0x3000: 0x20}


class NormaliseParams(Params):
    """Which steps are on, in the order they are taken."""

    html_entities: bool = True
    """`&amp;` and the like, nested ones too; not in a document that holds a `<`, which may speak of HTML."""
    encoding_repair: bool = True
    """Text once decoded wrongly (`â€™`), by ftfy; a C1 control is read as Windows-1252, so NEL becomes an ellipsis."""
    line_ends: bool = True
    """CRLF, CR, NEL and the Unicode separators become a line feed."""
    control_characters: bool = True
    """C0 and C1 controls but tab and line feed are removed; NUL and form feed are among them."""
    invisible_characters: bool = True
    """Byte-order marks, zero-width spaces and word joiners are removed; the joiners of Persian and emoji stay."""
    replacement_characters: bool = False
    """U+FFFD is removed. Off: what could not be decoded stays visible to the rules that count it."""
    unicode_nfc: bool = True
    """Letters and their accents become one character where Unicode has it."""
    half_width_letters: bool = True
    """Full-width Latin letters and digits become ASCII."""
    punctuation_width: Literal["keep", "half", "full"] = "keep"
    """`half`: full-width ASCII punctuation and the ideographic space become ASCII; `full`: the reverse after a Chinese
    character, for comma, semicolon, colon, question and exclamation mark."""
    zh_variant: ZhVariant = "keep"
    """Off, because conversion changes names and old texts."""
    zh_variant_min_share: float = Field(0.02, gt=0, le=1)
    """Only documents with so many Chinese characters of the other variant are converted. Conversions of words are
    wrong on text that is in the wanted variant already: tw2sp changed CMRC2018 once more each time."""
    unit_signs: bool = False
    """`㎏` becomes `kg`, `℃` and `º C` become `°C`."""
    unit_spaces: bool = False
    """One space between a number and a unit of a closed list: `5kg` becomes `5 kg`."""
    thousands_separators: bool = False
    """`1,234,567` becomes `1234567`. Lossy: `100,200,300` may be three numbers."""
    zh_years: bool = False
    """`二〇二四年` becomes `2024年`."""
    markup_leftovers: bool = False
    """Tags of HTML, `<篇名>` at the start of a line and the `\\x` marks of digitised books; their text stays."""
    wrapped_lines: bool = False
    """Lines that were broken at a fixed width, in the middle of a sentence, are joined."""
    trailing_blanks: bool = True
    """Blanks at line ends and blank lines at both ends of the document are removed."""


def normalise(text: str, params: NormaliseParams, *, strong_format: bool = False) -> tuple[str, list[str]]:
    """Give the normalised text and the names of the steps that changed it, in their order.

    `strong_format` is for code, Markdown, LaTeX and tables: only line ends, controls, invisible characters, Unicode
    form and trailing blanks are theirs. The result is a fixed point as long as 8 rounds reach one.
    """
    changed: set[str] = set()
    steps = [name for name in _STEPS if getattr(params, name) not in (False, "keep")]
    if strong_format:
        steps = [name for name in steps if name in _SAFE_IN_STRONG_FORMATS]
    for _ in range(_MAX_ROUNDS):
        before, in_round = text, set()
        for name in steps:
            given, text = text, _STEPS[name](text, params)
            if text != given:
                in_round.add(name)
        if text == before:
            break
        changed |= in_round
    return text, [name for name in steps if name in changed]


def num_replacement_characters(text: str) -> int:
    """Count U+FFFD, the trace of bytes that no decoder could read."""
    return text.count("\ufffd")


def _unescape(text: str) -> str:
    if "&" not in text or "<" in text:
        return text
    return _ENTITY.sub(_entity, _NESTED_AMPERSAND.sub("&", text))


def _entity(match: re.Match[str]) -> str:
    whole = match.group()
    return html.unescape(whole) if whole[1] == "#" else html5.get(whole[1:], whole)


def _mend(text: str) -> str:
    """Repair line by line, as ftfy does itself, but those of ASCII, which it reads at 5 MB/s for nothing."""
    if text.isascii():
        return text
    return "\n".join(line if line.isascii() else _mend_line(line) for line in text.split("\n"))


def _mend_line(line: str) -> str:
    return _mender()(_LOST_QUOTE.sub("”", line))


@cache
def _mender() -> Callable[[str], str]:
    import ftfy  # 0.1 s, which commands that only read params need not pay

    config = ftfy.TextFixerConfig(
        unescape_html=False,  # a step of its own; ftfy unnests `&amp;amp;...` in quadratic time
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,  # the default makes Chinese punctuation half width
        uncurl_quotes=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )
    return partial(ftfy.fix_text, config=config)


def _change_punctuation(text: str, width: str) -> str:
    if width == "half":
        return text.translate(_WIDE_PUNCTUATION)
    return _ASCII_AFTER_CJK.sub(lambda found: chr(ord(found.group()) + 0xFEE0), text)


def _change_variant(text: str, variant: ZhVariant, min_share: float) -> str:
    han = "".join(_HAN.findall(text))
    plain = _converter("s2t" if variant.startswith("s2") else "t2s").convert(han)
    num_other = sum(map(str.__ne__, han, plain))
    return _converter(variant).convert(text) if han and num_other >= min_share * len(han) else text


@cache
def _converter(variant: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(variant)


def _remove_markup(text: str) -> str:
    return _BOOK_QUOTE.sub(r"\1", _BOOK_TAG.sub("", _TAG.sub("", text)))


def _strip_blanks(text: str) -> str:
    return "\n".join(line.rstrip(_BLANKS) for line in text.split("\n")).strip("\n")


_STEPS: dict[str, Callable[[str, Any], str]] = {
    "html_entities": lambda text, _: _unescape(text),
    "encoding_repair": lambda text, _: _mend(text),
    "line_ends": lambda text, _: _LINE_ENDS.sub("\n", text),
    "control_characters": lambda text, _: _CONTROLS.sub("", _OVERSTRUCK.sub("", text)),
    "invisible_characters": lambda text, _: _INVISIBLE.sub("", text),
    "replacement_characters": lambda text, _: text.replace("\ufffd", ""),
    "unicode_nfc": lambda text, _: unicodedata.normalize("NFC", text),
    "half_width_letters": lambda text, _: _WIDE_LETTER.sub(lambda found: found.group().translate(_WIDE_LETTERS), text),
    "punctuation_width": lambda text, params: _change_punctuation(text, params.punctuation_width),
    "zh_variant": lambda text, params: _change_variant(text, params.zh_variant, params.zh_variant_min_share),
    "unit_signs": lambda text, _: spell_unit_signs(text),
    "unit_spaces": lambda text, _: space_units(text),
    "thousands_separators": lambda text, _: join_thousands(text),
    "zh_years": lambda text, _: write_years_in_digits(text),
    "markup_leftovers": lambda text, _: _remove_markup(text),
    "wrapped_lines": lambda text, _: rejoin_wrapped_lines(text),
    "trailing_blanks": lambda text, _: _strip_blanks(text),
}
_SAFE_IN_STRONG_FORMATS = frozenset(
    ("line_ends", "control_characters", "invisible_characters", "unicode_nfc", "trailing_blanks")
)
