"""Identifiers: what stands behind a label, what only looks like it, and surrogates that nobody has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.personal_data.identifiers import Identifiers, is_iban
from cpt_pipeline.corpus.clean.personal_data.personal_data import PersonalData, PersonalDataParams


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in Identifiers().find(text)]


@pytest.mark.feature(26)
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Pay to DE02 1203 0000 0000 2020 51 today.", [("iban", "DE02 1203 0000 0000 2020 51")]),
        ("汇到GB33BUKB20201555555555，谢谢", [("iban", "GB33BUKB20201555555555")]),
        ("Pay to DE03 1203 0000 0000 2020 51 today.", []),
        ("order XDE02120300000000202051", []),
        ("护照号码：E20398817。", [("passport", "E20398817")]),
        ("港澳居民来往内地通行证 H03458821", [("passport", "H03458821")]),
        ("Passports 520174836 and 520174861 were lost.", [("passport", "520174836"), ("passport", "520174861")]),
        ("passport valid until 20271231", []),
        ("旅券番号：TK4081736です。", [("passport", "TK4081736")]),
        ("パスポート番号 TR7650321", [("passport", "TR7650321")]),
        ("여권번호: M48213375", [("passport", "M48213375")]),
        ("여권 번호 M482A3375입니다", [("passport", "M482A3375")]),
        ("паспорт серия 45 08 номер 731456, выдан", [("passport", "45 08 номер 731456")]),
        ("Загранпаспорт № 71 4230567", [("passport", "71 4230567")]),
        ("номер паспорта: 4508 731456", [("passport", "4508 731456")]),
        ("旅券法は1951年、여권은 12345678명, паспорт выдан 12.03.2008", []),
        ("He was born 219-09-9998 somewhere.", [("ssn", "219-09-9998")]),
        ("His SSN is 219099998", [("ssn", "219099998")]),
        ("order 219-09-9998, part 000-12-3456", []),
        ("加我QQ：38827716，备注团购", [("messenger", "38827716")]),
        ("QQ群：38827716", []),
        ("QQ 2013 版", []),
        ("微信号：mei_li2019", [("messenger", "mei_li2019")]),
        ("微信公众号：mei_li2019", []),
        ("微信 Android 版", []),
        ("vxlan_vni 5001, VxWorks_7, youtu.be/dVxk3jd9x_2, v:Breadcrumb", []),
        ("WeChat: Tencent launched the app. 微信是 messaging 应用", []),
        ("企鹅 12345 只，QQ：100000 用户，问：Q：12345+1等于多少？", []),
        ("SSN: 219 09 9998", [("ssn", "219 09 9998")]),
        ("ping wxid_8sk2ls9dkw0q", [("messenger", "wxid_8sk2ls9dkw0q")]),
        ("ＱＱ：３８８２７７１６", [("messenger", "３８８２７７１６")]),
    ],
)
def test_what_is_an_identifier_and_what_only_looks_like_one(text: str, wanted: list[tuple[str, str]]) -> None:
    assert found(text) == wanted


LABELS = {
    "IBAN: {}.": ["DE02120300000000202051", "GB33 BUKB 2020 1555 5555 55", "nl91abna0417164300"],
    "护照号 {}，": ["E20398817", "EA2039881", "C01X07T47"],
    "паспорт серия {}, выдан": ["45 08 номер 731456", "4508 731456", "71 4230567"],
    "여권번호: {}.": ["M48213375", "M482A3375"],
    "SSN {} ok": ["219-09-9998", "536904399"],
    "QQ：{}；": ["38827716", "2288117745"],
    "微信号：{}。": ["mei_li2019", "Zhao-Lei", "wxid_8sk2ls9dkw0q"],
}
CASES = [(label, written) for label, each in LABELS.items() for written in each]


@pytest.mark.feature(27)
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CASES), st.text("abc0123", max_size=8))
def test_a_surrogate_has_the_shape_and_is_not_found_again(case: tuple[str, str], seed: str) -> None:
    label, written = case
    stage = PersonalData(PersonalDataParams())
    cleaned = stage.apply(seed, label.format(written))
    assert sum(cleaned.counts.values()) == 1
    before, after = label.split("{}")
    new = cleaned.text.removeprefix(before).removesuffix(after)
    assert new != written
    assert [character.isalnum() for character in new] == [character.isalnum() for character in written]
    assert not is_iban(new)
    assert stage.apply("again", cleaned.text).text == cleaned.text


@pytest.mark.feature(27)
def test_an_identifier_is_one_surrogate_however_it_is_spelled() -> None:
    cleaned = PersonalData(PersonalDataParams()).apply("a", "DE02 1203 0000 0000 2020 51\nDE02120300000000202051")
    first, second = cleaned.text.split("\n")
    assert first.replace(" ", "") == second
    assert list(cleaned.patterns.values()) == [1]


@pytest.mark.feature(26)
@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("邮箱lilei＠hollowmere.com", "lilei＠hollowmere.com"),
        ("写信给lilei（＠）hollowmere。", None),
        ("lilei（at）hollowmere.com", "lilei（at）hollowmere.com"),
        ("lilei【艾特】hollowmere.com", "lilei【艾特】hollowmere.com"),
        ("lilei艾特hollowmere点com", "lilei艾特hollowmere点com"),
        ("E-mail: lilei @ hollowmere.com", "lilei @ hollowmere.com"),
        ("see you @ hollowmere.com", None),
        ("at the dot com party", None),
        ("联系人李明邮箱lilei@hollowmere.com请联系", "lilei@hollowmere.com"),
        ("作者邮箱：李@hollowmere.com。", "李@hollowmere.com"),
        ("写信给 用户@例子.中国，谢谢", "用户@例子.中国"),
        ("Schreib an müller@hollowmere.de.", "müller@hollowmere.de"),
        ("Kontakt: info@straße-münchen.de!", "info@straße-münchen.de"),
        ("Пишите: иван7@почта.рф.", "иван7@почта.рф"),
        ("Пишитеivan@hollowmere.ru", "ivan@hollowmere.ru"),
        ("lilei＠hollow－mere．cn（工作日）", "lilei＠hollow－mere．cn"),
        ("{alice, bob}@cs.hollowmere.edu", "{alice, bob}@cs.hollowmere.edu"),
        ("by alice/bob@hollowmere.edu", "alice/bob@hollowmere.edu"),
        ("by alice/bob at hollowmere dot edu", "alice/bob at hollowmere dot edu"),
        ("by alice [at] hollowmere [dot] edu", "alice [at] hollowmere [dot] edu"),
        ("@property def f(self): @Override @alice", None),
        ("the sum a@b, A@B, out = (W@x.mean(axis=0))", None),
        ("git clone git@github.com:org/repo.git", None),
        ("'@types/node' pkg@1.2.3 actions/checkout@v4.1.0", None),
        ("\\@startsection{a} \\foo@bar.baz", None),
        ("关注@hollowmere.com 的微博", None),
    ],
)
def test_addresses_of_mailboxes_in_odd_dress(text: str, address: str | None) -> None:
    cleaned = PersonalData(PersonalDataParams(email="mask")).apply("a", text)
    assert cleaned.text == (text if address is None else text.replace(address, "[email]"))


@pytest.mark.feature(27)
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("李", "müller", "иван7", "{alice, bob}", "alice/bob", "lilei")),
    st.sampled_from(("hollowmere.com", "straße-münchen.de", "例子.中国", "почта.рф", "hollow－mere．cn")),
    st.text("abc0123", max_size=8),
)
def test_the_surrogate_of_an_address_in_any_script_is_nobodys(local: str, domain: str, seed: str) -> None:
    stage = PersonalData(PersonalDataParams())
    cleaned = stage.apply(seed, f"(邮箱：{local}@{domain}）")
    assert cleaned.counts == {"email": 1}
    assert not any(part in cleaned.text for part in (local, domain))
    assert cleaned.text.removeprefix("(邮箱：").removesuffix("）").replace("－", "-").replace("．", ".").isascii()
    assert stage.apply("again", cleaned.text).text == cleaned.text
