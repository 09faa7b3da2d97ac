"""Personal data inside the stage: what is found in annotated sentences, policies, and what became frequent."""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport
from cpt_pipeline.corpus.clean.repair.line_noise import LineNoiseParams
from cpt_pipeline.corpus.clean.repair.normalise import NormaliseParams
from cpt_pipeline.corpus.clean.rules.params import FAMILIES
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.clean.personal_data.test_personal_data import planted, write_name_model
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact

SENTENCES = Path(__file__).parent / "pii_sentences.jsonl"
STRUCTURED = ("email", "phone", "id_card", "bank_card", "ip")
IDENTIFIER_SENTENCES = Path(__file__).parent / "identifier_sentences.jsonl"
SCRIPT_SENTENCES = Path(__file__).parent / "script_sentences.jsonl"
IDENTIFIERS = ("email", "iban", "passport", "ssn", "messenger")


def clean(place: Path, texts: list[str], **personal_data: Any) -> tuple[CleanReport, list[str]]:
    """Run the stage with nothing on that changes or excludes but personal data; give the texts that it kept."""
    params = CleanParams.model_validate(
        {
            "normalise": switched_off(NormaliseParams()),
            "noise": switched_off(LineNoiseParams()),
            "personal_data": personal_data,
            "rules": {family: {"enabled": False} for family in FAMILIES},
        }
    )
    given = {"channel": "en", "source": "s", "license": "MIT", "category": "essay", "language": "en"}
    rows = [document(id=f"s/{number}", text=text, **given) for number, text in enumerate(texts)]
    report = clean_documents(write_artifact(place / "raw", rows), place / "out", params)
    return report, [row["text"] for row in read_documents(place / "out/clean_documents")]


def switched_off(params: LineNoiseParams | NormaliseParams) -> dict[str, bool]:
    return {name: False for name, value in params if value is True}


def annotated(path: Path = SENTENCES, kinds: tuple[str, ...] = STRUCTURED) -> tuple[list[str], list[str]]:
    """Give the annotated sentences, and what they are with a mask in the place of every annotation."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    wanted = []
    for row in rows:
        text = row["text"]
        for each in sorted(row["entities"], key=lambda entity: -entity["start"]):
            if each["type"] in kinds:
                text = f"{text[: each['start']]}[{each['type']}]{text[each['end'] :]}"
        wanted.append(text)
    return [row["text"] for row in rows], wanted


def masks(texts: list[str], kinds: tuple[str, ...] = STRUCTURED) -> dict[str, int]:
    return {kind: sum(text.count(f"[{kind}]") for text in texts) for kind in kinds}


@pytest.mark.feature(26)
def test_sentences_lose_what_is_annotated_and_the_unseen_half_as_well_as_was_measured(tmp_path: Path) -> None:
    """Of the odd half only sums: nobody who changes a recogniser is to see which sentences these are."""
    given, wanted = annotated()
    report, found = clean(tmp_path, given, **dict.fromkeys(STRUCTURED, "mask"), messenger="keep")
    wrong = [text for text, right in zip(found[::2], wanted[::2], strict=True) if text != right]
    assert wrong == []
    assert masks(wanted[1::2]) == {"email": 27, "phone": 49, "id_card": 16, "bank_card": 12, "ip": 12}
    assert masks(found[1::2]) == {"email": 27, "phone": 45, "id_card": 16, "bank_card": 12, "ip": 13}
    num_right = sum(text == right for text, right in zip(found[1::2], wanted[1::2], strict=True))
    assert (num_right, len(found[1::2])) == (183, 188)
    assert report.counts == {f"personal_data/{kind}": number for kind, number in sorted(masks(found).items())}


@pytest.mark.feature(26)
def test_identifiers_are_found_behind_their_labels_and_the_unseen_half_as_well_as_was_measured(tmp_path: Path) -> None:
    """Of the odd half only sums. A label at the head of a column of a table is not looked for."""
    given, wanted = annotated(IDENTIFIER_SENTENCES, IDENTIFIERS)
    others = dict.fromkeys(("phone", "id_card", "bank_card", "ip"), "keep")
    _, found = clean(tmp_path, given, **dict.fromkeys(IDENTIFIERS, "mask"), **others)
    wrong = [text for text, right in zip(found[::2], wanted[::2], strict=True) if text != right]
    assert [text[:40] for text in wrong] == [
        "Interstate scores: [ssn], 88-86-2005, 97",
        "name,nationality,passport_number\nO. Bran",
        "姓名拼音|护照号|舱位\nLIN/YUNXI|EB3058217|Y",
        "编号,昵称,QQ,城市\n17,北风,99887123,沈阳",
        "E-mail: info @ villa-corallo . it",
    ]
    assert masks(wanted[1::2], IDENTIFIERS) == {"email": 12, "iban": 12, "passport": 15, "ssn": 10, "messenger": 17}
    assert masks(found[1::2], IDENTIFIERS) == {"email": 9, "iban": 12, "passport": 12, "ssn": 10, "messenger": 10}
    num_right = sum(text == right for text, right in zip(found[1::2], wanted[1::2], strict=True))
    assert (num_right, len(found[1::2])) == (103, 120)


@pytest.mark.feature(26)
def test_addresses_and_passports_of_many_scripts_and_the_unseen_half_as_well_as_was_measured(tmp_path: Path) -> None:
    """Of the odd half only sums. A Chinese name that the sentence touches has no begin that could be known."""
    kinds = ("email", "passport")
    given, wanted = annotated(SCRIPT_SENTENCES, kinds)
    others = dict.fromkeys(("phone", "id_card", "bank_card", "ip"), "keep")
    _, found = clean(tmp_path, given, **dict.fromkeys(kinds, "mask"), **others)
    wrong = [text for text, right in zip(found[::2], wanted[::2], strict=True) if text != right]
    assert wrong == ["请写信到用户@例子.中国，谢谢。"]
    assert masks(wanted[1::2], kinds) == {"email": 12, "passport": 7}
    assert masks(found[1::2], kinds) == {"email": 12, "passport": 7}
    num_right = sum(text == right for text, right in zip(found[1::2], wanted[1::2], strict=True))
    assert (num_right, len(found[1::2])) == (32, 32)


@pytest.mark.feature(27)
def test_each_kind_has_its_policy_and_one_number_is_one_surrogate(tmp_path: Path) -> None:
    text = (
        "The mill is old. Write to anna.berg@fastmail-post.org today. Call 13800001234 or 138-0000-1234."
        " His identity card is 110199198804123014. Her card 6299 9900 0034 5671 204 was declined."
        " The client at 22.60.14.201 was blocked."
    )
    policies = {"email": "drop_sentence", "phone": "surrogate", "id_card": "mask", "bank_card": "keep"}
    report, (first, second) = clean(tmp_path, [text, text], **policies)
    nobodys = r"(?:14[0-4689]|154|16[013489]|179|194)\d{8}"
    shape = (
        rf"The mill is old\. Call ({nobodys}) or (\d{{3}}-\d{{4}}-\d{{4}})\. His identity card is \[id_card\]\."
        r" Her card 6299 9900 0034 5671 204 was declined\. The client at ([\d.]+) was blocked\."
    )
    found = [re.fullmatch(shape, each) for each in (first, second)]
    assert all(found), (first, second)
    numbers = []
    for number, again, host in (each.groups() for each in found if each):
        assert again.replace("-", "") == number
        assert ipaddress.ip_address(host) in ipaddress.ip_network("240.0.0.0/4")
        numbers.append(number)
    assert numbers[0] != numbers[1], "another document has another surrogate"
    kinds = {"email": 2, "id_card": 2, "ip": 2, "phone": 4}
    assert report.counts == {f"personal_data/{kind}": number for kind, number in kinds.items()}


@pytest.mark.feature(28)
def test_what_was_put_in_and_became_frequent_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    texts = [text for text, _ in planted(40)]
    report, _ = clean(tmp_path / "mask", texts, phone="mask")
    assert (report.surrogates.replacements, report.surrogates.too_frequent) == (200, {"phone [phone]": 0.2})
    assert "surrogate/phone [phone] is 20.00 % of all replacements" in caplog.text
    report, _ = clean(tmp_path / "allowed", texts, phone="mask", max_pattern_share=0.2)
    assert report.surrogates.too_frequent == {}
    report, kept = clean(tmp_path / "surrogate", texts)
    assert (report.surrogates.replacements, report.surrogates.too_frequent) == (200, {})
    data = [each for _, entities in planted(40) for each in entities]
    assert not any(each in text for each in data for text in kept)


def test_names_are_found_by_the_model_of_the_user(tmp_path: Path) -> None:
    model = write_name_model(tmp_path / "model")
    report, (text,) = clean(tmp_path / "with", ["kim writes"], name_model=model, name="mask")
    assert (text, report.counts) == ("[name] [name]", {"personal_data/name": 2})
    assert clean(tmp_path / "without", ["kim writes"], name="mask")[1] == ["kim writes"]
