"""What becomes of a document that holds items: it loses them, or goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, LeakParams
from cpt_pipeline.corpus.dedup.decontamination.verdicts import judge_leaks, read_all_leaks
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.survey import SurveyDocuments
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.steps import ReadDocuments, plan_tasks
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.benchmarks import write_items
from tests.corpus.texts import item, make_row, make_text, write_artifact

QUESTION = item("A train leaves the station at nine and arrives at noon; how many hours did it travel?", "three")
OTHER = item("Seven sisters share ninety one silver coins; how many coins does each of them receive?", "13", 1)
PAGE = "\n\n".join(make_text(number, 40) for number in range(10))
"""About 2,000 characters in paragraphs of 200."""


def judge(
    place: Path, texts: list[str] | list[dict[str, Any]], *, task_bytes: int = 1, **params: Any
) -> dict[int, tuple[list[str], int]]:
    """Give for each document that holds items which, and how many passages it loses; 0 where it goes."""
    place.mkdir(exist_ok=True)
    write_items(place / "items", [QUESTION, OTHER])
    rows = [("en", each) if isinstance(each, str) else each for each in texts]
    documents = write_artifact(place / "documents", rows, shard_bytes=3_000 if task_bytes == 1 else 1 << 20)
    tasks = Tasks(place, "survey", plan_tasks(documents, task_bytes))
    given = DedupParams(leaks=LeakParams.model_validate(params))
    tasks.run(
        [ReadDocuments(documents, tasks), SurveyDocuments(tasks, place / "items", given)], EngineParams(workers=1)
    )
    judge_leaks(tasks, BenchmarkIndex([QUESTION, OTHER], given.leaks), given.leaks)
    return {each.number: ([leak["item"] for leak in each.leaks], len(each.cuts)) for each in read_all_leaks(tasks)}


def test_a_long_document_loses_passages_and_a_short_one_goes(tmp_path: Path) -> None:
    texts = [PAGE, f"{PAGE}\n\n{QUESTION.prompt}", f"{PAGE[:700]}\n\n{QUESTION.prompt}", make_text(77)]
    assert judge(tmp_path, texts) == {1: (["0"], 1), 2: (["0"], 0)}


def test_passages_that_touch_are_one_and_the_items_of_all_are_named(tmp_path: Path) -> None:
    apart = f"{OTHER.prompt}\n\n{PAGE}\n\n{QUESTION.prompt}"
    together = f"{PAGE}\n\n{QUESTION.prompt}\n{OTHER.prompt}\n{QUESTION.prompt}"
    assert judge(tmp_path, [apart, together]) == {0: (["1", "0"], 2), 1: (["0", "1"], 1)}


@pytest.mark.parametrize(
    ("params", "stays"),
    [
        ({"max_passages": 0}, False),
        ({"max_passages": 1}, True),
        ({"min_left_share": 0.99}, False),
        ({"min_left_characters": 5_000}, False),
        ({"min_left_share": 0.99, "margin_characters": 0, "min_left_characters": 0}, False),
        ({"min_left_share": 0.9, "margin_characters": 0}, True),
    ],
)
def test_parameters_say_when_a_document_stays(tmp_path: Path, params: dict[str, Any], stays: bool) -> None:
    text = f"{PAGE}\n\n{QUESTION.prompt}\n\n{make_text(50, 40)}"
    assert judge(tmp_path, [text], **params) == {0: (["0"], int(stays))}


def parts(*texts: str) -> list[dict[str, Any]]:
    """Return the parts of one work as rows."""
    return [
        {
            **make_row(0, text),
            "id": f"s/book/{number}",
            "part_of": "s/book",
            "part": number,
            "separator": "\n" if number else None,
            "last_part": number == len(texts) - 1,
        }
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("task_bytes", [1, 1 << 20])
def test_an_item_over_the_border_of_two_parts_leaves_both(tmp_path: Path, task_bytes: int) -> None:
    """Parts of one task and of two; what crosses is searched where a work goes on, and nowhere else."""
    head, tail = QUESTION.prompt[:45], QUESTION.prompt[45:]
    rows = parts(f"{PAGE}\n\n{PAGE}\n\n{head}", f"{tail}\nAnswer: three\n\n{PAGE}", make_text(91, 400))
    assert judge(tmp_path / "parts", rows, task_bytes=task_bytes) == {0: (["0"], 1), 1: (["0"], 1)}
    apart = [{**row, "part_of": None, "part": None, "last_part": True} for row in rows]
    assert judge(tmp_path / "apart", apart, task_bytes=task_bytes) == {}


def test_choices_in_the_next_part_leave_it(tmp_path: Path) -> None:
    rows = parts(f"{PAGE}\n\n{QUESTION.prompt}", f"A. wrong\nB. three\nAnswer: B\n\n{PAGE}")
    assert judge(tmp_path, rows, margin_characters=0) == {0: (["0"], 1), 1: (["0"], 1)}


def test_an_item_over_three_short_parts_is_found(tmp_path: Path) -> None:
    prompt = QUESTION.prompt
    rows = parts(f"{PAGE}\n\n{prompt[:30]}", prompt[30:50], f"{prompt[50:]}\n\n{PAGE}")
    assert judge(tmp_path, rows) == {0: (["0"], 1), 1: (["0"], 0), 2: (["0"], 1)}
