"""Which held-out texts are scored."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.evaluation.texts import draw_texts
from cpt_pipeline.formats.documents import DocumentWriter, document

CHANNELS = ChannelsParams(roles={"domain": "domain", "en": "general"})


def write(directory: Path, numbers: range, channel: str = "en") -> Path:
    with DocumentWriter(directory) as writer:
        for number in numbers:
            writer.write(
                document(id=f"{number}", text=f"text {number} " * 9, channel=channel, source="s", license="MIT")
            )
    return directory


def test_draw_does_not_depend_on_the_order_of_the_documents(tmp_path: Path) -> None:
    params = EvaluateParams(documents_per_channel=7)
    forward = draw_texts(write(tmp_path / "a", range(100)), params, CHANNELS)
    assert forward == draw_texts(write(tmp_path / "b", range(99, -1, -1)), params, CHANNELS)
    assert len(forward) == 7
    assert len({text.id for text in forward}) == 7
    other = draw_texts(tmp_path / "a", EvaluateParams(documents_per_channel=7, seed=1), CHANNELS)
    assert other != forward


def test_a_smaller_draw_is_part_of_a_larger_one(tmp_path: Path) -> None:
    documents = write(tmp_path / "a", range(50))
    small, large = (
        {text.id for text in draw_texts(documents, EvaluateParams(documents_per_channel=size), CHANNELS)}
        for size in (5, 20)
    )
    assert small < large


def test_all_of_a_small_channel_and_long_texts_cut(tmp_path: Path) -> None:
    texts = draw_texts(write(tmp_path / "a", range(3)), EvaluateParams(max_characters=10), CHANNELS)
    assert [text.text for text in texts] == ["text 0 tex", "text 1 tex", "text 2 tex"]


def test_nothing_to_score_is_an_error_that_names_the_channels(tmp_path: Path) -> None:
    documents = write(tmp_path / "a", range(3), channel="poetry")
    with pytest.raises(NothingLeftError, match="no document of the channels domain, en"):
        draw_texts(documents, EvaluateParams(), CHANNELS)
