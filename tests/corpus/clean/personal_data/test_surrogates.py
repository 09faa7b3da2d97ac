"""Surrogates: the shape stays, the datum does not, and nobody has the new one."""

from __future__ import annotations

import ipaddress

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.personal_data.addresses import UNASSIGNED_TLDS
from cpt_pipeline.corpus.clean.personal_data.bank_cards import passes_luhn
from cpt_pipeline.corpus.clean.personal_data.id_cards import check_digit
from cpt_pipeline.corpus.clean.personal_data.recognisers import Kind
from cpt_pipeline.corpus.clean.personal_data.surrogates import draw_surrogate

REGIONS = ("CN", "US", "GB")


def drawn(kind: Kind, written: str, seed: str = "a") -> str:
    return draw_surrogate(kind, written, seed, REGIONS).text


def shape(text: str) -> str:
    return "".join("0" if character.isdigit() else character for character in text)


@pytest.mark.parametrize(
    "written",
    [
        *("13800001234", "+86 138 0000 1234", "１５９－００００－３３４４", "（020）55550166", "0571-55550147"),
        *("(415) 555-0132", "+1-415-555-0132", "+44 (0)20 7946 0755", "020 7946 0018", "+33 1 99 00 27 41"),
        *("+49 30 23125 377", "+81 90-1234-5678", "+91 98765 43210", "+61 491 570 156", "+353 20 915 0099"),
        *("+34 666 111 222", "+7 495 123-45-67", "+55 11 91234-5678", "+852 2345 6789", "+39 06 1234 5678"),
    ],
)
def test_a_phone_keeps_its_shape_and_is_outside_its_plan(written: str) -> None:
    new = drawn("phone", written)
    assert shape(new) == shape(written)
    assert new != written
    # phonenumbers takes any digit behind a Chinese area code; no subscriber there starts with 0 or 1.
    for region in ("US", "GB") if written[0] in "0（" else REGIONS:
        assert not phonenumbers.is_valid_number(phonenumbers.parse(new, region))
    if written[0] in "0（":
        assert "".join(filter(str.isdigit, new))[-8] in "01"


@pytest.mark.feature(27)
def test_one_number_is_one_surrogate_however_it_is_spelled() -> None:
    spellings = ["13800001234", "138-0000-1234", "+86 138 0000 1234", "１３８００００１２３４"]
    national = {"".join(str(int(each)) for each in drawn("phone", one) if each.isdigit())[-11:] for one in spellings}
    assert len(national) == 1
    assert drawn("email", "Kim@Hollow.org").lower() == drawn("email", "kim＠hollow.org").lower().replace("＠", "@")
    assert drawn("id_card", "510199 19921013 3626").replace(" ", "") == drawn("id_card", "510199199210133626")


@given(st.text("abcdefghij0123456789", min_size=1, max_size=8))
def test_another_document_has_another_surrogate(seed: str) -> None:
    assert drawn("id_card", "110199198804123014", seed) != drawn("id_card", "110199198804123014", seed + "x")
    assert drawn("email", "kim@hollow.org", seed) == drawn("email", "kim@hollow.org", seed)


@settings(max_examples=50)
@given(st.text("abcdef0123456789", min_size=1, max_size=8))
def test_numbers_and_hosts_are_surely_nobodys(seed: str) -> None:
    card = drawn("bank_card", "6299 9900 0034 5671 204", seed)
    assert (len(card), passes_luhn(card.replace(" ", "")), card[0]) == (23, False, "6")
    card = drawn("id_card", "11019919900307101X", seed)
    assert (len(card), card[-1], int(card[2:4]) in range(71, 90)) == (18, check_digit(card[:-1]), True)
    assert ipaddress.ip_address(drawn("ip", "22.60.14.201", seed)) in ipaddress.ip_network("240.0.0.0/4")
    host = drawn("ip", "2a0f:ffe0:12:7::beef", seed)
    assert [len(group) for group in host.split(":")] == [4, 4, 2, 1, 0, 4]
    assert ipaddress.ip_address(host) not in ipaddress.ip_network("2000::/3")


def test_an_address_keeps_its_form_and_has_no_country() -> None:
    new = drawn("email", "Zhao.Yi+b3@mail.yunhai-post.edu.cn")
    local, _, domain = new.partition("@")
    assert [len(piece) for piece in local.replace("+", ".").split(".")] == [4, 2, 2]
    assert local[0].isupper()
    assert domain.split(".")[2] == "edu"
    assert domain.rpartition(".")[2] in UNASSIGNED_TLDS
    assert drawn("email", "tova dot berg at fjordland dot no").split()[1::2] == ["dot", "at", "dot"]


def test_a_name_stays_in_its_language_and_length() -> None:
    name = drawn("name", "许青禾")
    assert len(name) == 3
    assert name != "许青禾"
    assert len(drawn("name", "Hugo Bellamy").split()) == 2
