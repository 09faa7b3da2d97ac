"""Passages: found whatever their dress, removed but once, and the rest of the text untouched."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.passages.passages import PassagesParams, find_passages, remove_passages, split_units
from cpt_pipeline.corpus.engine.hash_files import FirstDocuments, write_pairs

SHARED = os.environ.get("CPT_SHARED")
SHORT = PassagesParams(window=2, min_bytes=20)
NOTICE = "All material is provided as it is. No warranty of any kind is given! Ask your doctor first."
ENGLISH = [
    f"The first page is about apples. {NOTICE} Apples are red.",
    "The second page is about pears. ALL material is\nprovided as it is.  No warranty of any kind is given. "
    "Ask your doctor first. Pears are green.",
    "The third page is about plums. Nothing here stands elsewhere. Plums are blue.",
]
CHINESE = [
    "第一篇讲苹果。本站内容仅供参考，不构成任何建议。请咨询专业医生！苹果是红的。",
    "第二篇讲梨。本站内容仅供参考，\n不构成任何建议。请咨询专业医生。梨是绿的。",
]


def dedup(texts: list[str], params: PassagesParams, folder: Path) -> list[tuple[str, dict[int, int]]]:
    paths = []
    for number, text in enumerate(texts):
        hashes = find_passages(text, params).hashes
        paths.append(folder / f"{number}.npy")
        write_pairs(paths[-1], hashes, np.full(hashes.size, number, np.uint64))
    first = FirstDocuments.build(paths, folder / "first.npy")
    return [remove_passages(text, number, first, params) for number, text in enumerate(texts)]


def test_a_shared_passage_stays_in_the_first_document_only(tmp_path: Path) -> None:
    found = dedup(ENGLISH, SHORT, tmp_path)
    assert found[0] == (ENGLISH[0], {})
    assert found[1] == ("The second page is about pears. Pears are green.", {0: 3})
    assert found[2] == (ENGLISH[2], {})


def test_chinese_needs_no_spaces_and_no_equal_line_breaks(tmp_path: Path) -> None:
    found = dedup(CHINESE, SHORT, tmp_path)
    assert found == [(CHINESE[0], {}), ("第二篇讲梨。梨是绿的。", {0: 2})]


def test_short_passages_and_lone_sentences_are_left_alone(tmp_path: Path) -> None:
    texts = ["Yes. No. One is one.", "Yes. No. Two is two.", "Ask your doctor first. A.", "Ask your doctor first. B."]
    assert dedup(texts, PassagesParams(window=2, min_bytes=30), tmp_path) == [(text, {}) for text in texts]


def test_lines_are_units_where_text_has_no_sentences(tmp_path: Path) -> None:
    texts = ["Home | News | Contact | Login\nBread recipe\n", "Home | News | Contact | Login\nSoup recipe\n"]
    found = dedup(texts, PassagesParams(unit="line", window=1, min_bytes=20), tmp_path)
    assert found == [(texts[0], {}), ("Soup recipe", {0: 1})]


def test_a_passage_twice_in_one_document_is_no_copy_of_another(tmp_path: Path) -> None:
    text = f"{NOTICE} {NOTICE}"
    assert dedup([text, "Something else entirely. It is about soup."], SHORT, tmp_path)[0] == (text, {})


@given(st.text(alphabet='ab. \n。！x"”', max_size=80), st.sampled_from(["sentence", "line", "paragraph"]))
def test_units_are_the_whole_text(text: str, unit: str) -> None:
    assert "".join(split_units(text, unit)) == text


@pytest.mark.skipif(SHARED is None, reason="CPT_SHARED is not set")
@pytest.mark.feature(36)
def test_the_parts_that_medical_books_share_are_found(tmp_path: Path) -> None:
    folder = Path(SHARED or "") / "data" / "domain_zh_tcm_gb18030"
    names = ("132", "636", "237", "575")
    texts = [next(folder.glob(f"{name}-*")).read_bytes().decode("gb18030", "replace") for name in names]
    found = dedup(texts, PassagesParams(), tmp_path)
    assert found[1][1] == {0: 10991}
    assert found[3][1] == {2: 1317}
    assert len(found[1][0]) < 0.05 * len(texts[1])
    assert 0.95 * len(texts[3]) < len(found[3][0]) < 0.98 * len(texts[3])
