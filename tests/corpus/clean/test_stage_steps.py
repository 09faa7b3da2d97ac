"""The steps of clean inside the stage: one run over documents that need them all, read by several tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport
from cpt_pipeline.corpus.clean.rules.params import FAMILIES
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.clean.language_pages import PAGES
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact

NOISE = """The mill stood at the end of the village.[12] Nobody had turned it for years (Smith et al., 2019).
首页 > 新闻中心 > 公司新闻
Cells | Count | Mean | Deviation
Copyright (c) 2019 by Jane Doe
The copyright of the book passed to his widow in 1921.
第一章 绪论 ............ 1
第三章 12个孩子的故事
咨询热线：400-820-8820
广告学是研究广告活动历史、理论与策略的学科。
Our own slogan!
https://www.example.com/path?x=1
[1] 张三, 李四. 深度学习综述[J]. 计算机学报, 2019, 42(3): 1-20.
Yes!!!!!"""
PROSE = """The mill stood at the end of the village. Nobody had turned it for years.
Cells | Count | Mean | Deviation
The copyright of the book passed to his widow in 1921.
第三章 12个孩子的故事
广告学是研究广告活动历史、理论与策略的学科。
Yes!!!"""
CHINESE = "这个函数的返回值是一个列表，其中每个元素都是一个元组，"
ENGLISH = "The function returns a list of tuples and every tuple holds a name. "
UNITS = "1,234,567 grains of 5㎏ and 36.5kg in 一九九八年, but 10,20,30 and 1,2345 are no numbers."
DOCUMENTS: dict[str, tuple[str, str | None]] = {
    "noise": (NOISE, "en"),
    "units": (UNITS, "en"),
    "zh": (CHINESE * 2, None),
    "en": (ENGLISH * 2, None),
    "fr": ("Le tribunal a jugé que le contrat était nul depuis le début, faute de forme.", None),
    "zh with en": (CHINESE * 2 + ENGLISH, None),
    "en with zh": (CHINESE + ENGLISH * 3, None),
    "short": ("好的", None),
    "fi": (" ".join(PAGES["fi"][:2]), None),
    "hi": (PAGES["hi"][0], "und"),
    "named zh": (ENGLISH, "zh-CN"),
    "named fr": (ENGLISH, "fr_FR"),
    "named eng": (ENGLISH + "Nobody says so.", "eng_Latn"),
    "named none": (ENGLISH + "It is so.", "cn"),
    "a strict word": ("We sold every leek. Nobody minded.", "en"),
    "a strict word of many": ("We sold a leek. " + "Nobody minded at all. " * 12, "en"),
    "a mild word": ("今天天气好。我吃苹果！苹果园很大。", "zh"),
    "a mild word alone": ("我吃苹果。", "zh"),
    "a counted word": ("An apple, a pineapple and APPLES on the red Apple.", "en"),
}


def rows() -> list[dict[str, Any]]:
    given = {"channel": "en", "source": "s", "license": "MIT", "category": "essay"}
    return [document(id=name, text=text.strip(), language=code, **given) for name, (text, code) in DOCUMENTS.items()]


def write_list(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def conf(place: Path, **changes: Any) -> CleanParams:
    """Give what a user writes: steps on that are off by default, lists of his own, and no rule for prose."""
    lists = {
        "strict": {
            "file": write_list(place / "strict.txt", "leek\n"),
            "policy": "exclude",
            "max_per_1000_characters": 4,
        },
        "mild": {
            "file": write_list(place / "mild.txt", "苹果\n"),
            "allow_file": write_list(place / "allowed.txt", "苹果园\n"),
            "policy": "drop_sentence",
        },
        "seen": {"file": write_list(place / "seen.txt", "[fruit]\napple\n"), "policy": "count"},
    }
    return CleanParams.model_validate(
        {
            "normalise": dict.fromkeys(("thousands_separators", "unit_signs", "unit_spaces", "zh_years"), True),
            "noise": {"advert_files": [write_list(place / "adverts.txt", "our own slogan\n")]},
            "language": {"allowed": ["zh", "en"]},
            "blocked_words": {"lists": lists},
            "personal_data": {"enabled": False},
            "rules": {family: {"enabled": False} for family in FAMILIES},
            **changes,
        }
    )


class Run:
    """What a run of the stage wrote and said."""

    def __init__(self, place: Path, given: list[dict[str, Any]], params: CleanParams) -> None:
        self.report: CleanReport = clean_documents(write_artifact(place / "raw", given), place / "out", params)
        self.kept = {row["id"]: row for row in read_documents(place / "out/clean_documents")}
        excluded = read_documents(place / "out/clean_excluded")
        self.excluded = {row["id"]: (row["reason"], row["detail"]) for row in excluded}

    def counts(self, step: str) -> dict[str, int]:
        """Give what a step counted."""
        start = f"{step}/"
        return {name.removeprefix(start): each for name, each in self.report.counts.items() if name.startswith(start)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("steps")
    return Run(place, rows(), conf(place))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same documents where these steps are as they are by default, or off."""
    place = tmp_path_factory.mktemp("plain")
    off = {"citations": False, "copyright": False, "navigation": False}
    defaults: dict[str, Any] = {"normalise": {}, "language": {}, "blocked_words": {}}
    return Run(place, rows(), conf(place, noise=off, **defaults))


@pytest.mark.feature(22)
def test_lines_and_marks_that_are_no_prose_go_and_are_counted_by_rule(run: Run, plain: Run) -> None:
    assert run.kept["noise"]["text"] == PROSE
    pieces = {name: number for name, number in run.counts("noise").items() if not name.endswith("_characters")}
    assert pieces == {
        "adverts": 2,
        "bibliography": 1,
        "citations": 2,
        "contents": 1,
        "copyright": 1,
        "links": 1,
        "navigation": 1,
        "piled_punctuation": 1,
    }
    switched_off = plain.kept["noise"]["text"].split("\n")
    assert switched_off[:3] == NOISE.split("\n")[:3]
    assert "Copyright (c) 2019 by Jane Doe" in switched_off
    assert "Our own slogan!" in switched_off
    assert "https://www.example.com/path?x=1" not in switched_off


@pytest.mark.feature(24)
def test_numbers_and_units_are_changed_on_request_alone(run: Run, plain: Run) -> None:
    changed = "1234567 grains of 5 kg and 36.5 kg in 1998年, but 10,20,30 and 1,2345 are no numbers."
    assert run.kept["units"]["text"] == changed
    assert plain.kept["units"]["text"] == UNITS
    asked = {"thousands_separators": 1, "unit_signs": 1, "unit_spaces": 1, "zh_years": 1}
    assert (run.counts("normalise"), plain.counts("normalise")) == (asked, {})


@pytest.mark.feature(17)
def test_languages_are_named_mixed_ones_counted_and_unwanted_ones_excluded(run: Run, plain: Run) -> None:
    found = {name: plain.kept[name]["language"] for name in list(DOCUMENTS)[2:14]}
    assert found == {
        "zh": "zh",
        "en": "en",
        "fr": "fr",
        "zh with en": "zh",
        "en with zh": "en",
        "short": "und",
        "fi": "und",
        "hi": "und",
        "named zh": "zh",
        "named fr": "fr",
        "named eng": "en",
        "named none": "en",
    }
    assert plain.report.languages["en"]["und"] == 3
    assert run.counts("language") == {"en+zh": 1, "zh+en": 1, "und (devanagari)": 1, "und (fi)": 1, "tag of none": 1}
    unwanted = {name: why for name, why in run.excluded.items() if why[0] == "other_language"}
    assert unwanted == {
        "fr": ("other_language", "fr 1.00"),
        "fi": ("other_language", "fi 1.00"),
        "hi": ("other_language", "devanagari 1.00"),
        "named fr": ("other_language", "fr 1.00"),
    }
    assert plain.excluded == {}


@pytest.mark.feature(25)
def test_each_list_of_words_has_its_policy(run: Run, plain: Run) -> None:
    blocked = {name: detail for name, (reason, detail) in run.excluded.items() if reason == "blocked_words"}
    assert blocked == {
        "a strict word": "strict: 29.41 per 1,000 characters",
        "a mild word alone": "a blocked word in every sentence",
    }
    assert run.kept["a strict word of many"]["text"].startswith("We sold a leek. ")
    assert run.kept["a mild word"]["text"] == "今天天气好。苹果园很大。"
    assert run.kept["a counted word"]["text"] == DOCUMENTS["a counted word"][0]
    assert run.counts("blocked_words") == {"dropped_sentences": 2, "mild/mild": 2, "seen/fruit": 2, "strict/strict": 2}
    assert plain.kept["a mild word"]["text"] == DOCUMENTS["a mild word"][0]
