"""Recognition: judged on the annotated sentences of even index, and by forms that must and must not be found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.personal_data.addresses import Emails, Hosts
from cpt_pipeline.corpus.clean.personal_data.bank_cards import passes_luhn
from cpt_pipeline.corpus.clean.personal_data.id_cards import check_digit, is_id_number
from cpt_pipeline.corpus.clean.personal_data.personal_data import PersonalDataParams
from cpt_pipeline.corpus.clean.personal_data.personal_numbers import Numbers
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span, find_spans

PARAMS = PersonalDataParams()
RECOGNISERS = (Emails(PARAMS.allowed_emails), Hosts(PARAMS.public_hosts), Numbers(PARAMS.phone_regions))
SENTENCES = Path(__file__).parents[1] / "pii_sentences.jsonl"


def found_in(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in find_spans(text, RECOGNISERS)]


@pytest.mark.feature(26)
def test_every_annotation_of_the_even_half_is_found_and_nothing_else() -> None:
    rows = [json.loads(line) for line in SENTENCES.read_text("utf-8").splitlines()[::2]]
    for row in rows:
        wanted = [(each["type"], each["text"]) for each in row["entities"] if each["type"] != "name"]
        assert found_in(row["text"]) == wanted, row["text"]
    assert len(rows) == 189


def test_the_odd_half_is_found_as_well_as_was_measured() -> None:
    """Only sums: nobody who changes a recogniser is to see which sentences these are."""
    num_wanted = num_found = num_right = 0
    for line in SENTENCES.read_text("utf-8").splitlines()[1::2]:
        row = json.loads(line)
        wanted = {Span(each["start"], each["end"], each["type"]) for each in row["entities"] if each["type"] != "name"}
        found = set(find_spans(row["text"], RECOGNISERS))
        num_wanted, num_found, num_right = (
            num_wanted + len(wanted),
            num_found + len(found),
            num_right + len(wanted & found),
        )
    precise, complete = num_right >= 0.95 * num_found, num_right >= 0.96 * num_wanted
    assert (precise, complete) == (True, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("电话13800001234/15900004321", ["13800001234", "15900004321"]),
        ("Tel.0571-55550147-8012", ["0571-55550147"]),
        ("call 0161 496 0123", ["0161 496 0123"]),
        ("（+86）138 0000 1234", ["（+86）138 0000 1234"]),
        ("ID No.110199198804123014", ["110199198804123014"]),
        ("electricity (at) hollowlab (dot) org", ["electricity (at) hollowlab (dot) org"]),
        ("books available at hollowlab.org", []),
        ("total 2,380,001,234", []),
        ("522.4000000", []),
        ("13800001234.50 and 13800001234 records", []),
        ("ISBN 978-7-111-40701-0", []),
        ("git@hollow.org:tiny/anvil.git and https://kim:secret@hollow.org/", []),
        ("22.0.0.0/8 has 16 million hosts", []),
        ("mail me at kim@kovet.xq", []),
        ("Phone number\n13800001234", ["13800001234"]),
        ("手机 138 - 0000 - 1234", ["138 - 0000 - 1234"]),
        ("手机138·0000·1234", ["138·0000·1234"]),
        ("008613800001234", ["008613800001234"]),
        ("王芳,13800001234,13", ["13800001234"]),
        ("Telefon: 030/23125 123", ["030/23125 123"]),
        ("01012345678（微信同号）", []),
        ("01062345678（微信同号）", ["01062345678"]),
        ("13800001234万先生", ["13800001234"]),
        ("idcard=110199198804123014", ["110199198804123014"]),
        ('"id_card":"110199880412301"', ["110199880412301"]),
        ("身份证\n110199880412301", ["110199880412301"]),
        ("建设银行6222020000000000000户名", ["6222020000000000000"]),
        ("卡号 622202  0000  0000  00000", ["622202  0000  0000  00000"]),
        ("account number 4000000000000002", ["4000000000000002"]),
        ("order no. 13800001234, receipt no. 4000000000000002", []),
        ("seed=13800001234", []),
        ("8213 138 0000 1234 3397", []),
        ("176.15025020, 03.11.2019 9501", []),
    ],
)
def test_a_number_or_address_counts_only_in_its_own_right(text: str, found: list[str]) -> None:
    assert [written for _, written in found_in(text)] == found


def test_a_number_once_named_is_one_everywhere_in_its_text() -> None:
    text = "Call 0161 496 0123.\nThe order of 01614960123 was sent."
    assert found_in(text) == [("phone", "0161 496 0123"), ("phone", "01614960123")]


@given(st.integers(0, 10**16 - 1), st.integers(0, 15), st.integers(1, 9))
def test_luhn_refuses_every_single_wrong_digit(number: int, place: int, step: int) -> None:
    digits = next(f"{number:016}"[:-1] + last for last in "0123456789" if passes_luhn(f"{number:016}"[:-1] + last))
    wrong = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    assert not passes_luhn(wrong)


def test_an_id_number_needs_its_check_digit_its_date_and_a_real_place() -> None:
    assert check_digit("11010519491231002") == "X"
    assert is_id_number("11010519491231002X")
    assert not is_id_number("110105194912310021")
    assert not is_id_number("11010519491331002" + check_digit("11010519491331002"))
    assert not is_id_number("11750519491231002" + check_digit("11750519491231002"))


@pytest.mark.parametrize(
    "unit", ["1", "@", "1-1-1-", "1 ", "a@", "a@a.", " AT", "a dot ", "#=", "2001:", "1.1.1.1.", "("]
)
def test_no_text_makes_the_search_slow(unit: str) -> None:
    """A third of a megabyte each; a search that is not linear would run into the time limit of the tests."""
    assert find_spans(unit * (300_000 // len(unit)), RECOGNISERS) == []


@pytest.mark.parametrize(
    "text",
    [
        "Take a look at amazon dot com for prices",
        "Visit us at acme dot com",
        "more at wikipedia dot org",
        "Meet us (at) booking.com",
        "1.10.100.1 总则",
        "12.4.50.2 Requirements for pumps",
        "text before\n## 12.4.50.2 Pumps\ntext",
    ],
)
def test_words_before_an_at_and_numbers_of_sections_are_no_personal_data(text: str) -> None:
    assert [*Emails().find(text), *Hosts().find(text)] == []


@pytest.mark.parametrize(
    "text", ["write to mei.lin at example-host dot com", "12.4.50.2 answered", "server 12.4.50.77 up"]
)
def test_what_stands_for_a_person_or_a_host_is(text: str) -> None:
    assert len([*Emails().find(text), *Hosts().find(text)]) == 1
