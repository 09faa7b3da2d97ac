"""The policies on whole documents: nothing personal is left, and what replaces it stays rare."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from cpt_pipeline.core.errors import ModelNotFoundError, UnfitModelError
from cpt_pipeline.corpus.clean.personal_data.bank_cards import passes_luhn
from cpt_pipeline.corpus.clean.personal_data.id_cards import check_digit
from cpt_pipeline.corpus.clean.personal_data.names import ModelNames
from cpt_pipeline.corpus.clean.personal_data.personal_data import PersonalData, PersonalDataParams, check_patterns
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span
from tests.weights import lose_weight

CHINESE = {
    "email": "有问题请写信到{}，我们会尽快回复。",
    "phone": "他的手机号是{}，请在晚上联系。",
    "id_card": "身份证号{}已经核对。",
    "bank_card": "货款请打到卡号{}。",
    "ip": "登录来自{}，时间是昨天。",
}
ENGLISH = {
    "email": "Please write to {} before Friday.",
    "phone": "Call me at {} after six.",
    "id_card": "The resident identity card is {}.",
    "bank_card": "Her card {} was declined.",
    "ip": "The client at {} was blocked.",
}


def entity(kind: str, source: random.Random) -> str:
    """An invented datum of real form."""
    digits = "".join(str(source.randrange(10)) for _ in range(20))
    if kind == "email":
        return (
            f"{source.choice(['li', 'kim', 'zhao'])}{digits[:4]}@{source.choice(['qingshan', 'hollow'])}{digits[5]}.com"
        )
    if kind == "phone":
        return source.choice([f"138{digits[:8]}", f"+86 159 {digits[:4]} {digits[4:8]}", f"(415) 555-01{digits[:2]}"])
    if kind == "id_card":
        date = f"{1950 + int(digits[:2]) % 50}0{source.randrange(1, 10)}1{digits[3]}"
        first = f"{source.choice(['11', '31', '51'])}0199{date}{digits[:3]}"
        return first + check_digit(first)
    if kind == "bank_card":
        return next(f"6222{digits[:11]}{last}" for last in range(10) if passes_luhn(f"6222{digits[:11]}{last}"))
    return f"{source.choice([22, 55, 101, 183])}.{'.'.join(str(source.randrange(1, 255)) for _ in range(3))}"


def planted(num_documents: int) -> Iterator[tuple[str, list[str]]]:
    """Documents in both languages, each with the five kinds."""
    source = random.Random(5)
    for index in range(num_documents):
        entities = {kind: entity(kind, source) for kind in CHINESE}
        sentences = CHINESE if index % 2 else ENGLISH
        yield "\n".join(sentences[kind].format(written) for kind, written in entities.items()), [*entities.values()]


@pytest.mark.feature(28)
def test_of_5000_planted_data_none_is_left_and_no_pattern_is_frequent() -> None:
    stage, patterns, counts = PersonalData(PersonalDataParams()), Counter[str](), Counter[str]()
    num_left = num_changed_again = 0
    for index, (text, entities) in enumerate(planted(1000)):
        cleaned = stage.apply(f"document {index}", text)
        num_left += sum(each in cleaned.text for each in entities)
        num_changed_again += stage.apply("again", cleaned.text).text != cleaned.text
        patterns, counts = patterns + cleaned.patterns, counts + cleaned.counts
    assert (num_left, num_changed_again) == (0, 0)
    assert counts == dict.fromkeys(CHINESE, 1000)
    assert check_patterns(patterns, PersonalDataParams()) == []
    assert max(patterns.values()) <= 0.001 * patterns.total()


def test_masks_become_a_frequent_pattern_and_are_named() -> None:
    params = PersonalDataParams(phone="mask")
    stage, patterns = PersonalData(params), Counter[str]()
    for index, (text, _) in enumerate(planted(40)):
        patterns += stage.apply(str(index), text).patterns
    frequent = check_patterns(patterns, params)
    assert [(each.pattern, each.count, each.share) for each in frequent] == [("phone [phone]", 40, 0.2)]


def test_a_sentence_is_dropped_and_its_neighbours_stay() -> None:
    stage = PersonalData(PersonalDataParams(phone="drop_sentence", email="keep"))
    text = (
        "Dr. Kim writes. Call (415) 555-0132 or mail kim@hollow.org today! Her book is out.\n第二段。电话13800001234。"
    )
    cleaned = stage.apply("a", text)
    assert cleaned.text == "Dr. Kim writes. Her book is out.\n第二段。"
    assert cleaned.counts == {"phone": 2}
    cleaned = stage.apply("a", "Call (415) 555-0132.")
    assert cleaned.verdict == ("personal_data", "every sentence holds phone 1")


def test_a_datum_is_counted_once_as_a_pattern_and_is_the_same_everywhere() -> None:
    stage = PersonalData(PersonalDataParams())
    cleaned = stage.apply("a", "电话：138-0000-1234。再说一遍，13800001234，或 +86 138 0000 1234。")
    first, second, third = (
        "".join(filter(str.isdigit, part)) for part in cleaned.text.replace("，或", "。").split("。")[:3]
    )
    assert first == second == third[2:]
    assert cleaned.counts == {"phone": 3}
    assert list(cleaned.patterns.values()) == [1]
    assert stage.apply("b", "电话：13800001234").text != stage.apply("a", "电话：13800001234").text


def test_code_keeps_numbers_and_loses_addresses() -> None:
    text = "seed = 4155550132  # by kim@hollow.org"
    cleaned = PersonalData(PersonalDataParams()).apply("a", text, category="code")
    assert cleaned.counts == {"email": 1}
    assert cleaned.text.startswith("seed = 4155550132  # by ")


class Stub:
    """Knows one name."""

    def find(self, text: str) -> Iterator[Span]:
        start = text.find("许青禾")
        if start >= 0:
            yield Span(start, start + 3, "name")


def test_a_configured_recogniser_brings_names() -> None:
    text = "许青禾来了。许青禾又走了。"
    assert PersonalData(PersonalDataParams()).apply("a", text).text == text
    cleaned = PersonalData(PersonalDataParams(), [Stub()]).apply("a", text)
    assert cleaned.counts == {"name": 2}
    assert "许青禾" not in cleaned.text
    assert cleaned.text[:3] == cleaned.text[6:9]


def write_name_model(folder: Path) -> Path:
    """Write a token classifier that labels every word as a person."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "[PAD]": 1, "kim": 2, "writes": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]")
    fast.save_pretrained(folder)
    config = BertConfig(
        vocab_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        id2label={0: "O", 1: "B-PER"}, label2id={"O": 0, "B-PER": 1},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    model.classifier.weight.data.zero_()
    model.classifier.bias.data.copy_(model.classifier.bias.data.new_tensor([0.0, 1.0]))
    model.save_pretrained(folder)
    return folder


def test_a_model_in_a_folder_finds_what_it_labels_as_persons(tmp_path: Path) -> None:
    write_name_model(tmp_path)
    text = "kim writes " * 400
    spans = list(ModelNames(tmp_path).find(text))
    assert len(spans) == 800
    assert spans[799] == Span(len(text) - 7, len(text) - 1, "name")
    with pytest.raises(UnfitModelError, match=r"BertForTokenClassification, lacks classifier\.bias"):
        list(ModelNames(lose_weight(tmp_path, "classifier.bias")).find(text))


def test_a_missing_model_and_a_wrong_pattern_are_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="name_model"):
        PersonalData(PersonalDataParams(name_model=tmp_path))
    with pytest.raises(ValidationError, match="no regular expression"):
        PersonalDataParams(allowed_emails=("(",))


@pytest.mark.parametrize(
    "number", ["030/23125 123", "(02) 2712 3456", "06 12 34 56 78", "138·0000·1234", "0512 6789 1234"]
)
def test_the_surrogate_of_a_number_of_any_country_is_left_alone(number: str) -> None:
    stage = PersonalData(PersonalDataParams())
    for name in map(str, range(40)):
        once = stage.apply(name, f"Tel: {number}").text
        assert number not in once
        assert stage.apply(name, once).text == once


@pytest.mark.parametrize(
    ("labels", "says"),
    [({"0": "O", "1": "B-LOC"}, "has only O, B-LOC"), (None, "has no labels at all")],
)
def test_a_model_without_a_label_for_names_is_told_before_any_work(
    labels: dict[str, str] | None, says: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "id2label": labels}))
    with pytest.raises(ModelNotFoundError, match=says):
        PersonalData(PersonalDataParams(name_model=tmp_path))
