"""Languages as people write them: one code for all spellings, none where none is named, an error for what is none."""

from __future__ import annotations

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from cpt_pipeline.text.language_tags import NotALanguageError, read_language

SPELLINGS = {
    "zh": [
        "zh",
        "ZH",
        "cmn",
        "chi",
        "zho",
        "zho_Hans",
        "zh-Hans-CN",
        "zh_TW.UTF-8",
        "Chinese",
        "中文",
        "汉语",
        "简体中文",
        "繁體中文",
        "Mandarin",
    ],
    "en": ["en", "eng", "eng_Latn", "en-US", "EN_us", "en_GB.utf8", "English", "英语", "英文", "english"],
    "pt": ["pt", "por", "pt_BR", "pt-PT", "Portuguese", "português", "葡萄牙语"],
    "de": ["de", "deu", "ger", "de_DE@euro", "de-1996", "German", "Deutsch", "德文"],
    "fr": ["fr", "fra", "fre", "français", "FRANÇAIS", "français", "French"],
    "no": ["no", "nor", "nb", "nob", "nb-NO", "norsk"],
    "he": ["he", "iw", "heb", "Hebrew", "עברית"],
    "fa": ["fa", "fas", "per", "pes", "prs", "Persian", "Farsi", "فارسی"],
    "sw": ["sw", "swa", "swh", "Kiswahili"],
    "tl": ["tl", "tgl", "fil"],
    "yi": ["yi", "yid", "ydd", "ji", "Yiddish"],
    "bn": ["bn", "ben", "bn_Beng", "Bengali", "Bangla", "বাংলা"],
    "ckb": ["ckb", "ckb_Arab", "Central Kurdish"],
    "ti": ["ti", "tir", "tir_Ethi", "Tigrinya"],
    "gsw": ["gsw", "Swiss German", "gsw-CH"],
    "id": ["in", "ind", "id_ID", "Bahasa Indonesia"],
    "aae": ["aae"],
}


@pytest.mark.parametrize(("code", "tag"), [(code, tag) for code, tags in SPELLINGS.items() for tag in tags])
def test_every_spelling_of_a_language_is_its_code(code: str, tag: str) -> None:
    assert read_language(f" {tag} ") == code


@pytest.mark.parametrize(
    ("tag", "code"), [("Portuguese (Brazil)", "pt"), ("中文（简体）", "zh"), ("English [US]", "en")]
)
def test_what_stands_in_brackets_plays_no_part(tag: str, code: str) -> None:
    assert read_language(tag) == code


@pytest.mark.parametrize("tag", ["", "  ", "und", "unknown", "mul-Latn", "zxx", "MIS", "None", "N/A", "NaN"])
def test_what_says_that_it_names_none_names_none(tag: str) -> None:
    assert read_language(tag) is None


@pytest.mark.parametrize(
    "tag",
    ["cn", "jp", "xx", "foo", "elvish", "en, fr", "en;q=0.8", "x-default", "i-klingon", "e", "enn-", "en US", "12"],
)
def test_what_is_no_language_is_refused_with_what_to_write(tag: str) -> None:
    with pytest.raises(NotALanguageError, match=r"is no language; write its ISO 639 code \(zh, eng\), a tag"):
        read_language(tag)


def test_every_language_of_the_model_keeps_the_code_it_has_there() -> None:
    labels = LanguageIdentifier.from_model_file(MODEL_FILE).labels
    assert {label: read_language(label) for label in labels} == {
        label: None if label == "zxx" else label for label in labels
    }
