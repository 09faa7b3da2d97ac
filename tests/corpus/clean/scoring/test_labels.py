"""Labels: what a file may hold, and that everything else is named at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.scoring.labels import Label, read_labels, split
from cpt_pipeline.corpus.clean.scoring.params import LabelsParams


def write(path: Path, *lines: object) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_marks_of_0_to_5_and_words_are_shares_of_the_best(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"t": "a", "l": 4}, {"t": "b", "l": "Good"}, "", {"t": "c", "l": "1"})
    labels = read_labels(LabelsParams(path=path, text="t", label="l", max_label=5))
    assert labels == [Label("a", 0.8), Label("b", 1.0), Label("c", 0.2)]


def test_a_table_may_have_texts_of_several_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "\ufefftext,label", '"one\ntwo, three",good', "four,0.25")
    assert read_labels(LabelsParams(path=path)) == [Label("one\ntwo, three", 1.0), Label("four", 0.25)]


def test_every_wrong_line_is_named_in_one_error(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": 1}, "{", {"text": "b", "label": 1.5}, {"text": " ", "label": 0}, [1]]
    rows += [{"text": "c", "label": True}, {"text": "d", "label": "fine"}, {"text": "e", "label": "nan"}, {}]
    with pytest.raises(ParameterError) as error:
        read_labels(LabelsParams(path=write(tmp_path / "a.jsonl", *rows)))
    assert str(error.value).splitlines()[1:] == [
        "  - label is neither good nor poor nor a number from 0 to 1: line 3, 6, 7, 8",
        "  - no text in text: line 4, 9",
        "  - not a JSON object in UTF-8: line 2, 5",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "x", r"must end in \.jsonl or \.csv"),
        ("a.jsonl", '{"text": "a", "label": 1}', "1 good and 0 poor labels"),
        ("a.jsonl", "", "0 good and 0 poor labels"),
        ("a.csv", 'text,label\na,good\n"b,poor', "broken, and what follows is not read .*: line 3"),
        ("a.csv", "text,mark\na,good", "neither good nor poor"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=message):
        read_labels(LabelsParams(path=tmp_path / name))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"labels\.path\) cannot be read"):
        read_labels(LabelsParams(path=tmp_path / "none.csv"))


@given(st.lists(st.builds(Label, st.sampled_from("abcdefgh"), st.floats(0, 1))), st.integers(0, 9))
def test_equal_texts_are_on_one_side_and_none_is_lost(labels: list[Label], seed: int) -> None:
    learnt, unseen = split(labels, 0.5, seed)
    assert not {label.text for label in learnt} & {label.text for label in unseen}
    assert sorted(learnt + unseen, key=repr) == sorted(labels, key=repr)


def test_texts_of_a_group_are_held_back_together(tmp_path: Path) -> None:
    rows = [
        {"text": f"{page} {number}", "label": number % 2, "page": page} for page in range(20) for number in range(9)
    ]
    params = LabelsParams(path=write(tmp_path / "a.jsonl", *rows), group="page")
    learnt, unseen = split(read_labels(params), 0.3, 0)
    assert not {label.group for label in learnt} & {label.group for label in unseen}
    assert len(unseen) == 45
    path = write(tmp_path / "b.jsonl", {"text": "a", "label": 1})
    with pytest.raises(ParameterError, match="no page: line 1"):
        read_labels(LabelsParams(path=path, group="page"))


def test_the_share_for_validation_is_about_what_is_asked() -> None:
    labels = [Label(str(number), 1.0) for number in range(2_000)]
    assert len(split(labels, 0.2, 0)[1]) == 393
    assert split(labels, 0.2, 0)[1] != split(labels, 0.2, 1)[1]
