"""What goes with a question: its choices and its answer, however long; and nothing of the clean text around them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.decontamination.cuts import Sentences, cut
from cpt_pipeline.corpus.dedup.decontamination.items import find_letters
from cpt_pipeline.corpus.dedup.decontamination.surroundings import find_surroundings
from cpt_pipeline.text.folding import fold

CHOICES = ["a rope as long as the quay", "the lantern at the stern", "three hens", "nothing of the kind"]
QUESTION = "Which of these did the captain of the old river ferry carry ashore on that day?"
LISTED = "\n".join(f"{label}. {choice}" for label, choice in zip("ABCD", CHOICES, strict=True))
CHINESE_CHOICES = ["先扶老人下船", "清点人数", "卸下货物", "收取渡资"]
CHINESE = "渡船靠岸以后船夫按照规矩最先应当做的事情是（ ）"
CHINESE_LISTED = "\n".join(f"{label}．{choice}" for label, choice in zip("ABCD", CHINESE_CHOICES, strict=True))


def letters(text: str) -> str:
    return find_letters(fold(text))[0].tobytes().decode("utf-32-le")


def left(text: str, question: str = QUESTION, choices: list[str] = CHOICES, margin: int = 0) -> str:
    """Return what stays of a text that holds a question."""
    start = len(letters(text[: text.index(question)]))
    end = start + len(letters(question))
    spans = Sentences(text).around_item(start, end, margin, [letters(choice) for choice in choices])
    return cut(text, spans)


@pytest.mark.parametrize(
    ("item", "paragraph"),
    [
        (f"{QUESTION}\n{LISTED}", "\n\n"),
        (f"{QUESTION}\n{LISTED}\nAnswer: B", "\n"),
        (f"{QUESTION}\n\n{LISTED}\n\n**Answer:** B\n\nExplanation: so it was.\nHe said so himself.", "\n\n"),
        (f"{QUESTION}\n{LISTED}\nThe correct answer is B.\nRationale: so it was. He said so.", "\n"),
        (f"{QUESTION} {', '.join(CHOICES[::-1])}", "\n"),
        (f"{QUESTION}\n(A) x rope altered\n(B) thx lantern\n(C) hxns\n(D) nothxng", "\n\n"),
        (f"{LISTED}\n{QUESTION}\nAnswer: the lantern", "\n"),
        (f"{LISTED}\n\n{QUESTION}", "\n\n"),
        (f"Options: {', '.join(CHOICES)}. {QUESTION}", "\n"),
        (f"7. {QUESTION}\n{LISTED}\n(B)", "\n\n"),
        (f"{QUESTION}\nSolution\nHe took the lantern, for it was dark.", "\n"),
    ],
)
def test_choices_and_answer_go_with_the_question(item: str, paragraph: str) -> None:
    text = f"The river is wide here.{paragraph}{item}{paragraph}The quay was built later. It stands still."
    assert left(text) == f"The river is wide here.{paragraph}The quay was built later. It stands still."


@pytest.mark.parametrize(
    ("item", "paragraph"),
    [
        (f"12．{CHINESE}\n{CHINESE_LISTED}\n答案：A\n【解析】先人后物。所以选A。", "\n\n"),
        (f"{CHINESE}\n{CHINESE_LISTED}\n正确答案是A。\n解析：先人后物，自古如此。", "\n"),
        (f"{CHINESE}A.先扶老人下船 B.清点人数 C.卸下货物 D.收取渡资【答案】A【解析】先人后物。", "\n"),
        (f"{CHINESE_LISTED}\n{CHINESE}\n故选A。", "\n"),
        (f"{CHINESE}\n①先扶老人下船②清点人数③卸下货物④收取渡资", "\n\n"),
    ],
)
def test_chinese_choices_and_answers_go_too(item: str, paragraph: str) -> None:
    text = f"江面很宽。{paragraph}{item}{paragraph}码头后来才修。至今还在。"
    assert left(text, CHINESE, CHINESE_CHOICES) == f"江面很宽。{paragraph}码头后来才修。至今还在。"


def test_what_is_longer_than_the_margin_goes_too() -> None:
    choices = [f"{choice}, {'and so it was told ' * 20}" for choice in CHOICES]
    listed = "\n".join(f"{label}) {choice}" for label, choice in zip("ABCD", choices, strict=True))
    reasons = "It was dark on the quay. " * 60
    text = (
        f"{'Clean before. ' * 40}\n\n{QUESTION}\n{listed}\nAnswer: B\nExplanation: {reasons}\n\n{'Clean behind. ' * 40}"
    )
    kept = left(text, choices=choices, margin=200)
    assert not any(word in kept for word in ("captain", "lantern", "told", "dark"))
    assert kept.count("Clean before.") >= 25 and kept.count("Clean behind.") == 40


def test_answers_at_the_end_of_the_page_go_and_no_clean_text_does() -> None:
    page = f"Clean.\n\n{QUESTION}\n{LISTED}\n\nOne.\n\nTwo.\n\n{{}}"
    assert left(page.format("Answers\n\n1. B 2. C")) == "Clean.\n\nOne.\n\nTwo."
    assert left(page.format("Answer: B\n\nExplanation: dark.")) == "Clean.\n\nOne.\n\nTwo."
    assert left(page.format("A last word.")) == "Clean.\n\nOne.\n\nTwo.\n\nA last word."
    assert left(f"江。\n{CHINESE}\n{CHINESE_LISTED}\n岸。\n参考答案：A", CHINESE, CHINESE_CHOICES) == "江。\n岸。"


@pytest.mark.parametrize(
    "text",
    [
        f"Clean.\n\n{QUESTION}\n\nA. Smith wrote the book. It is long.\n\nMore.",
        f"1. Another question?\nA. one\nB. two\n2. {QUESTION}\n3. And a third?\nA. one\nB. two",
        f"Clean.\n{QUESTION}\nAnalysis shows that rivers are wide.\nIt is so.",
        f"Clean.\n{QUESTION}\nAnswering took long.\nIt was late.",
    ],
)
def test_other_questions_and_clean_text_stay(text: str) -> None:
    number = "2. " if "2. " in text else ""
    line = f"{number}{QUESTION}\n\n" if f"{QUESTION}\n\n" in text else f"{number}{QUESTION}\n"
    assert left(text).replace("\n", "") == text.replace(line, "").replace("\n", "")


words = st.lists(
    st.sampled_from(["A.", "B)", "Answer:", "答案", "解析", "\n", "\n\n", "3 hens", "甲乙", "。", "(A)"]), max_size=12
)


@given(words, words, st.booleans())
def test_the_question_lies_in_the_first_span_and_spans_in_the_text(
    before: list[str], behind: list[str], cjk: bool
) -> None:
    question = CHINESE if cjk else QUESTION
    text = " ".join([*before, question, *behind])
    start = text.index(question)
    spans = find_surroundings(text, start, start + len(question), [letters(each) for each in CHOICES])
    assert spans[0][0] <= start and start + len(question) <= spans[0][1]
    assert all(0 <= first < last <= len(text) for first, last in spans)
    assert all(one[1] <= two[0] for one, two in product(spans[:1], spans[1:]))
