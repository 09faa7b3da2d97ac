"""Kinds: what is known to be code, markup, data or dialogue is told from prose."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path

import pytest

from cpt_pipeline.corpus.clean.kinds import kind_of
from tests.corpus.clean.real_texts import chinese_documents, english_documents, folder

SAMPLES = {
    "code": "for (int i = 0; i < n; i++) {\n    total += prices[i];\n}\nreturn total;\n",
    "markdown": "# Title\n\nSome text with `code` in it.\n\n## Install\n\n```sh\nmake\n```\n\n- one\n- two\n",
    "latex": "\\section{Proof}\n\\begin{equation}\nx = \\frac{a}{b}\n\\end{equation}\nwhich \\label{eq} shows it.",
    "json": '{"a": [1, 2, {"b": null}]}\n{"a": []}\n{"c": 1}',
    "table": "name\tprice\tamount\nflour\t3.20\t4\neggs\t2.50\t12\nsugar\t1.10\t1",
    "dialogue": "用户：今天天气如何？\n助手：晴，二十度。\n用户：明天呢？\n助手：有雨。\n用户：谢谢。",
}
PROSE = {
    "list": "We need:\n- flour\n- eggs\n- sugar\nand a bowl.",
    "heading with a colon": "Note: this is prose.\nIt goes on: with more.\nAnd it ends here.",
    "sums": "He pays 3 = 1 + 2 dollars.\nShe earns 5 * 2 = 10 dollars in a day.\nSo they have 13 dollars.",
    "brackets": "{not json}",
    "empty": "",
}


@pytest.mark.feature(20)
@pytest.mark.parametrize("kind", list(SAMPLES))
def test_kind_is_told(kind: str) -> None:
    assert kind_of(SAMPLES[kind]) == kind


@pytest.mark.parametrize("name", list(PROSE))
def test_prose_has_no_kind(name: str) -> None:
    assert kind_of(PROSE[name]) is None


@pytest.mark.feature(20)
def test_standard_library_is_code() -> None:
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:80]
    found = [kind_of(path.read_text("utf-8")) for path in modules]
    assert found.count("code") >= 0.9 * len(found)


def test_papers_are_latex() -> None:
    with (folder("datajuicer_demos") / "process_sci_data__data__arxiv.jsonl").open(encoding="utf-8") as lines:
        papers = [json.loads(line)["text"] for line in lines]
    long = [kind_of(paper) for paper in papers if len(paper) > 1_000]
    assert long.count("latex") == len(long) == 8


def test_hardly_any_real_prose_has_a_kind() -> None:
    for texts in (english_documents(200)[:-4], chinese_documents()["encyclopedia"], chinese_documents()["book"]):
        assert sum(kind_of(text) is not None for text in texts) <= 0.01 * len(texts)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("[" * 200_000 + "]", "code"), (" " * 50_000 + "x", None), ("\n" * 50_000 + "x", None), ("if " * 9_000, None)],
)
def test_hostile_text_is_only_looked_at(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind
