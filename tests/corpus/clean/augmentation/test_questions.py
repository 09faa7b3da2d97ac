from __future__ import annotations

import re

import pytest

from cpt_pipeline.corpus.clean.augmentation.questions import (
    Pair,
    common_words,
    is_too_general,
    read_pairs,
    words_of,
    write_pairs,
)
from tests.corpus.clean.real_texts import chinese_documents, english_documents, folder

SOURCE = {
    "en": "Metformin lowers glucose by inhibiting gluconeogenesis in the liver of the patient.",
    "zh": "二甲双胍通过抑制肝脏的糖异生来降低患者的血糖。",
}
GENERAL = {
    "en": ["What is the main idea of the text? A patient waits.", "How does the author see the liver of the text?"],
    "zh": ["这段文字的主要内容是什么？患者在等。", "作者怎样看待患者的问题？"],
}


@pytest.mark.parametrize(
    "answer",
    [
        "Question: What? \nAnswer: This.\n\nQuestion: Why?\nAnswer: So.\nAnd more.",
        "These:\n\n1. **Question:** What?\n**Answer:** This.\n\n2. **Question:** Why?\n**Answer:** So.\nAnd more.",
        "Q1: What?\nA1: This.\nQ2: Why?\nA2: So.\nAnd more.",
        "问题：What?\n答案：This.\n问题：Why?\n答案：So.\nAnd more.",
        "问题1：What?\n答：This.\n\n问2：Why?\n答：So.\nAnd more.",
    ],
)
def test_pairs_are_read_in_the_forms_in_which_models_write_them(answer: str) -> None:
    assert read_pairs(answer) == [Pair("What?", "This."), Pair("Why?", "So.\nAnd more.")]


@pytest.mark.parametrize("answer", ["", "I cannot do that.", "Question: What?", "Answer: no question"])
def test_what_has_no_pairs_gives_none(answer: str) -> None:
    assert read_pairs(answer) == []


def test_pairs_are_written_in_the_language_of_the_document() -> None:
    pairs = [Pair("What?", "This."), Pair("Why?", "So.")]
    assert write_pairs(pairs, "en") == "Question: What?\nAnswer: This.\n\nQuestion: Why?\nAnswer: So."
    assert write_pairs(pairs[:1], "zh") == "问：What?\n答：This."
    assert read_pairs(write_pairs(pairs, "en")) == pairs


def test_words_are_long_latin_ones_and_pairs_of_chinese_characters() -> None:
    assert words_of("An ACE-2 inhibitor 2024 血糖高") == {"ace", "inhibitor", "血糖", "糖高"}


@pytest.mark.feature(136)
@pytest.mark.parametrize(
    ("language", "question", "too_general"),
    [
        ("en", "What does metformin inhibit?", False),
        ("en", "What is the main idea of the text?", True),
        ("en", "What helps a patient?", True),
        ("en", "How does aspirin work?", True),
        ("zh", "二甲双胍怎样降低血糖？", False),
        ("zh", "这段文字的主要内容是什么？", True),
        ("zh", "患者有什么问题？", True),
    ],
)
def test_a_question_without_a_term_of_its_source_is_too_general(
    language: str, question: str, too_general: bool
) -> None:
    common = common_words(GENERAL[language], rare_share=0.01)
    assert is_too_general(question, SOURCE[language], common) is too_general


OF_ANY_TEXT = {
    "en": (
        *("What is the main idea of the text?", "What does the author argue?", "Why is this topic important?"),
        *("What are the key concepts mentioned in the passage?", "How can this information be used?"),
        *("What are the advantages and disadvantages?", "What can we learn from this?"),
    ),
    "zh": (
        *("这段文字的主要内容是什么？", "作者的主要观点是什么？", "文中提到了哪些重要的概念？", "如何理解文中的内容？"),
        *("这段话对我们有什么启示？", "为什么这个问题很重要？", "请总结这段文字的要点。"),
    ),
}


@pytest.mark.feature(136)
def test_on_real_books_questions_of_any_text_are_told_from_those_made_of_a_sentence() -> None:
    chinese = chinese_documents()
    general = {"en": english_documents(800), "zh": [*chinese["encyclopedia"], *chinese["instructions"]][:2_000]}
    modules = sorted(folder("domain_en_anatomy").glob("*.cnxml"))[:60]
    plain = [" ".join(re.sub(r"<[^>]+>", " ", path.read_text("utf-8")).split())[:3_000] for path in modules]
    ends = {"en": r"(?<=\.)\s", "zh": "。"}
    for language, books in {"en": plain, "zh": chinese["book"][40:100]}.items():
        common = common_words((text[:5_000] for text in general[language]), rare_share=0.01)
        sentences = [each for each in re.split(ends[language], " ".join(books)) if 12 < len(each) < 200][::9]
        assert len(sentences) > 80
        about_them = [is_too_general(each, each, common) for each in sentences]
        about_any = [is_too_general(asked, book, common) for asked in OF_ANY_TEXT[language] for book in books]
        assert sum(about_them) <= 0.05 * len(about_them), language
        assert sum(about_any) >= 0.95 * len(about_any), language


def test_common_words_are_in_more_than_a_share_of_the_texts() -> None:
    texts = ["liver patient", "patient", "patient", "other"]
    assert common_words(texts, rare_share=0.25) == {"patient"}
    assert common_words(texts, rare_share=0.0) == {"liver", "patient", "other"}
