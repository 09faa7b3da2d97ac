"""Identifiers that an office, a bank or a messenger gave to a person: IBAN, passport, US social security, QQ, WeChat.

An IBAN tells itself by its country's form and check digits (ISO 13616, ISO 7064), a social security number by its
dashes. The others have no form of their own, so only what stands right behind a label counts. Each kind leaves a region
alone in which surrogates live: wrong check digits, group 00, numbers that begin with 00, ids that begin with a digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from stdnum import iban, numdb
from stdnum.us import ssn

from cpt_pipeline.corpus.clean.personal_data.number_cues import NUMBER_CUES, is_amount, nearest_cue
from cpt_pipeline.corpus.clean.personal_data.recognisers import Kind, Span, fold

IsReal = Callable[[re.Match[str], re.Match[str]], bool]
"""Of the label and what stands behind it."""

_IBAN_START: Final = re.compile(r"[0-9]{2}(?=[ \u00a0-]?[A-Za-z0-9])")
_IBAN_BODY: Final = re.compile(r"[A-Za-z0-9]+(?:[ \u00a0-][A-Za-z0-9]+)*")
_MAX_IBAN: Final = 43
"""Characters of the longest, 34, with a blank after every fourth."""

_SSN_TAIL: Final = re.compile(r"[-‐‑–][0-9]{2}[-‐‑–][0-9]{4}(?![\w/-]|[.,][0-9])")
_SSN_HEAD: Final = re.compile(r"(?<![\w.,/#$+-])[0-9]{3}\Z")
_SSN_LABEL: Final = re.compile(
    r"(?:(?<![A-Za-z])ssn(?:[ _]?(?:no\.?|number|#))?|social[ -]security(?:[ -](?:no\.?|number|num|#))?"
    r"|社会安全号码?|社安号码?)(?![A-Za-z])[^\w\n]{0,4}(?:(?:is|was|no|number|是|为)[^\w\n]{0,4})?",
    re.IGNORECASE,
)
_SSN_FORM: Final = re.compile(r"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}(?![A-Za-z0-9_-])")

_PASSPORT_FORM: Final = re.compile(
    r"(?:[A-Za-z]{1,3}[0-9]{6,9}|[0-9]{8,9}|(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{9})(?![A-Za-z0-9_]|-[0-9]|[./][0-9]|\s?[本册])"
)
_PASSPORT_LABEL: Final = re.compile(
    r"(?:护照|護照|旅券|パスポート|여권|(?:港澳|台湾|大陆|内地)[^\s，。,;；：:]{0,10}通行[证證]|台胞证|回乡证|旅行证"
    r"|(?<![A-Za-z])(?:passports?|travel documents?|reisepass(?:nummer|nr)?|passeport|pasaporte|passaporto)"
    r"(?![A-Za-z]))"
    rf"(?P<between>[^\n。！？!?;；0-9]{{0,24}}?)(?<![A-Za-z0-9_])(?={_PASSPORT_FORM.pattern})",
    re.IGNORECASE,
)
_CALLED_NUMBER: Final = re.compile(
    r"[:：#=号號№]|번호|номер|сери[яи]|\b(?:n[or]s?|num|number|nummer|is|id)\b|n[°º]|^[^\w\n]*$", re.IGNORECASE
)
_RUSSIAN_PASSPORT_FORM: Final = re.compile(
    r"(?:[0-9]{2} ?[0-9]{2}(?:,? ?(?:№|номер) ?| )?[0-9]{6}|[0-9]{2} ?(?:(?:№|номер) ?)?[0-9]{7})"
    r"(?![A-Za-z0-9_]|-[0-9]|[.,/][0-9])",
    re.IGNORECASE,
)
"""Two blocks of digits: the series, and behind a blank or the word for number six (inland) or seven (abroad)."""
_RUSSIAN_PASSPORT_LABEL: Final = re.compile(
    r"(?<![А-Яа-яЁё])(?:загран)?паспорт(?:а|у|е|ом|ов)?(?![А-Яа-яЁё])"
    rf"(?P<between>[^\n.!?;0-9]{{0,40}}?)(?<!\w)(?={_RUSSIAN_PASSPORT_FORM.pattern})",
    re.IGNORECASE,
)
_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])?")

_BETWEEN: Final = (
    r"[^\w\n]{0,3}(?:(?:号码?|號碼?|账号|帐号|账户|同号|同步|同|也是|一样|即|微信|手机|电话|联系人?|客服|咨询|在线|请?添?加|请?搜索?"
    r"|我的?|本人|个人|备用|业务|合作|售[前后]|是|为|或|[一二三①-⑨]"
    r"|(?:[Vv][Xx]?|[Ww]e[Cc]hat|[Qq]{2}|[Ii][Dd]|[Nn]o|number|is|me|at|or)(?![A-Za-z_-]))[^\w\n]{0,3}){0,5}"
)
_QQ_LABEL: Final = re.compile(
    r"(?:加[Qq]|(?<![A-Za-z0-9])(?:(?P<short>[Qq])(?=[:：])|[Qq](?=号)|[Qq] ?[Qq])|扣扣"
    r"|球球|企鹅(?=[:：号])|扣(?=[:：号]))(?=[^A-Za-z])(?!\s*群)"
    rf"(?P<between>{_BETWEEN})"
)
_QQ_FORM: Final = re.compile(r"[1-9][0-9]{4,10}(?![A-Za-z0-9_]|[.,:/-][0-9]|\s?(?:[版年+*=×÷<>多余]|用户))")
_FEW_DIGITS: Final = 7
_WECHAT_LABEL: Final = re.compile(
    r"(?P<label>微信|威信|薇信|徽信|加微(?!信)|微(?=[:：])|[Vv]信|加[Vv](?![A-Za-z0-9_-])|[薇Vv]❤"
    r"|(?<![A-Za-z0-9_./?&=%-])(?:[Ww]e[Cc]hat|WECHAT|[Ww]eixin|[VvWw][Xx]|[Vv])(?![A-Za-z0-9_-]))"
    rf"(?P<between>{_BETWEEN})"
)
_WECHAT_FORM: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{5,19}(?![A-Za-z0-9_@-]|\.[A-Za-z0-9])")
_CALLED_ID: Final = re.compile(r"号|號|[Ii][Dd]|[:：#=是为]|is|number|[①-⑨]")
_LATIN_FOLLOWS: Final = re.compile(r"\s[A-Za-z]")
_CALLED_WECHAT_ID: Final = re.compile(r"号|號|\b[Ii][Dd]\b")
_SPOKEN_TO: Final = re.compile(r"\b(?:add|my|contact|reach|chat|wechat|message|ping)\b", re.IGNORECASE)
_WXID: Final = re.compile(r"(?<![A-Za-z0-9_])wxid_[a-z0-9]{10,20}(?![A-Za-z0-9_])")

_ANOTHER: Final = re.compile(r"\s?(?:[、,/&和及与]|and|und|et|y|AND)\s?")
"""What stands between two that one label is for."""
_WIDE: Final = re.compile("[０-９Ａ-Ｚａ-ｚ]")
"""Full-width letters and digits: without them a text is searched as it is."""
_HINTS: Final = {
    "ssn": ("SSN", "ssn", "ocial", "OCIAL", "社会安全", "社安"),
    "passport": (
        "assp",
        "ASSP",
        "assep",
        "ASSEP",
        "asapo",
        "assapo",
        "护照",
        "護照",
        "通行",
        "台胞",
        "回乡",
        "旅行证",
        "ravel doc",
        "eisepass",
        "旅券",
        "パスポート",
        "여권",
    ),
    "russian passport": ("аспорт", "АСПОРТ"),
    "qq": (
        "QQ",
        "qq",
        "扣扣",
        "企鹅",
        "Q Q",
        "球球",
        "扣:",
        "扣：",
        "扣号",
        "Q号",
        "q号",
        "加Q",
        "加q",
        "Q:",
        "Q：",
        "q:",
        "q：",
    ),
    "wechat": (
        *(
            "微信",
            "威信",
            "薇信",
            "徽信",
            "WeChat",
            "Wechat",
            "wechat",
            "WECHAT",
            "eixin",
            "VX",
            "Vx",
            "vx",
            "WX",
            "wx",
        ),
        *("V信", "v信", "加微", "微:", "微：", "+V", "+v", "加V", "加v", "V❤", "v❤", "薇❤", "V:", "v:", "V：", "v："),
    ),
}
"""No text without any of these is searched for the label, which costs far more."""


class Identifiers:
    """Finds IBANs anywhere, social security numbers with dashes, and what stands behind a label."""

    def find(self, text: str) -> Iterator[Span]:
        """Yield spans that may overlap those of other kinds."""
        folded = fold(text) if _WIDE.search(text) else text
        yield from _find_ibans(folded)
        yield from _find_dashed(folded)
        for name, hints in _HINTS.items():
            if any(map(folded.__contains__, hints)):
                yield from _behind(folded, *_LABELLED[name])
        if "wxid_" in folded:
            yield from (Span(*found.span(), "messenger") for found in _WXID.finditer(folded))


def is_iban(written: str) -> bool:
    """Return whether length, form and check digits are those of the country that the first two letters name."""
    return bool(iban.is_valid(written.upper(), check_country=False))


def _find_ibans(folded: str) -> Iterator[Span]:
    for check in _IBAN_START.finditer(folded):
        first = check.start() - 2
        country = folded[max(first, 0) : first + 2]
        if not (country.isascii() and country.isalpha() and len(country) == 2) or _is_ascii_word(
            folded[max(first - 1, 0) : first]
        ):
            continue
        body = _IBAN_BODY.match(folded, first, first + _MAX_IBAN)
        assert body is not None
        places = [place for place in range(body.start(), body.end()) if _is_ascii_word(folded[place])]
        length = _iban_length(country.upper())
        if length is None or length > len(places):
            continue
        end = places[length - 1] + 1
        if not _is_ascii_word(folded[end : end + 1]) and is_iban(folded[body.start() : end]):
            yield Span(body.start(), end, "iban")


@cache
def _iban_length(country: str) -> int | None:
    """Return how many letters and digits the IBANs of a country have; None where it has none."""
    _, about = numdb.get("iban").info(country)[0]
    return 4 + sum(map(int, re.findall(r"(\d+)!", about["bban"]))) if "bban" in about else None


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _find_dashed(folded: str) -> Iterator[Span]:
    for tail in _SSN_TAIL.finditer(folded):
        start, end = tail.start() - 3, tail.end()
        if start < 0 or not _SSN_HEAD.search(folded, max(start - 1, 0), tail.start()):
            continue
        called = nearest_cue(folded, start, NUMBER_CUES)
        if called in (None, "id") and ssn.is_valid(folded[start:end]) and not is_amount(folded, end):
            yield Span(start, end, "ssn")


def _behind(folded: str, label: re.Pattern[str], form: re.Pattern[str], is_real: IsReal, kind: Kind) -> Iterator[Span]:
    """Yield what stands behind a label and can be what the label says, and the others of its list."""
    for called in label.finditer(folded):
        place = called.end()
        while (written := form.match(folded, place)) and is_real(called, written):
            yield Span(*written.span(), kind)
            another = _ANOTHER.match(folded, written.end())
            if another is None:
                break
            place = another.end()


def _is_ssn(called: re.Match[str], written: re.Match[str]) -> bool:
    return bool(ssn.is_valid("".join(filter(str.isdigit, written.group()))))


def _is_passport(called: re.Match[str], written: re.Match[str]) -> bool:
    digits = "".join(filter(str.isdigit, written.group()))
    called_one = _CALLED_NUMBER.search(called["between"]) is not None or not written.group()[0].isdigit()
    return called_one and not digits.startswith("00") and not _DATE.fullmatch(written.group())


def _is_qq(called: re.Match[str], written: re.Match[str]) -> bool:
    """In English, QQ may be a plot: there something must say that a number follows; and Q: may be a question."""
    near = written.string[max(0, called.start() - 20) : written.end() + 20]
    if called["short"] and (near.isascii() or len(written.group()) < _FEW_DIGITS):
        return False
    named = (
        not near.isascii() or _CALLED_ID.search(called["between"]) is not None or _SPOKEN_TO.search(near) is not None
    )
    return named and not is_amount(written.string, written.end())


def _is_wechat(called: re.Match[str], written: re.Match[str]) -> bool:
    """A word alone is one only where it is called an id: a colon may begin a sentence, and V may be a volume."""
    near = written.string[max(0, called.start() - 20) : written.end() + 20]
    if not any(map(written.group().__contains__, "0123456789_")):
        in_chinese = (
            not near.isascii() and written.group().islower() and not _LATIN_FOLLOWS.match(written.string, written.end())
        )
        said = called["between"].strip() in (":", "：") and in_chinese and not called["label"].isascii()
        return said or _CALLED_WECHAT_ID.search(called["between"]) is not None
    return called["label"] not in ("V", "v") or (
        _CALLED_ID.search(called["between"]) is not None and not near.isascii()
    )


_LABELLED: Final[dict[str, tuple[re.Pattern[str], re.Pattern[str], IsReal, Kind]]] = {
    "ssn": (_SSN_LABEL, _SSN_FORM, _is_ssn, "ssn"),
    "passport": (_PASSPORT_LABEL, _PASSPORT_FORM, _is_passport, "passport"),
    "russian passport": (_RUSSIAN_PASSPORT_LABEL, _RUSSIAN_PASSPORT_FORM, _is_passport, "passport"),
    "qq": (_QQ_LABEL, _QQ_FORM, _is_qq, "messenger"),
    "wechat": (_WECHAT_LABEL, _WECHAT_FORM, _is_wechat, "messenger"),
}
