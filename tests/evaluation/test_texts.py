"""Which held-out texts are scored."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import NothingLeftError
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.evaluation.texts import draw_texts
from cpt_pipeline.formats.documents import DocumentWriter, document, write_families

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


def test_all_of_a_small_channel(tmp_path: Path) -> None:
    texts = draw_texts(write(tmp_path / "a", range(3)), EvaluateParams(), CHANNELS)
    assert [text.text for text in texts] == ["text 0 " * 9, "text 1 " * 9, "text 2 " * 9]


def write_parts(directory: Path, texts: dict[str, list[str]], families: dict[str, str] | None = None) -> Path:
    """Write works of several parts each."""
    with DocumentWriter(directory) as writer:
        write_families(directory, families or {})
        for work, parts in texts.items():
            for number, text in enumerate(parts):
                place = {"part_of": work, "part": number, "separator": "", "last_part": number + 1 == len(parts)}
                writer.write(
                    document(id=f"{work}/{number}", text=text, channel="en", source="s", license="MIT", **place)
                )
    return directory


def test_a_long_document_is_measured_in_windows_from_all_over_it(tmp_path: Path) -> None:
    directory = write_parts(tmp_path / "a", {"book": ["".join(chr(0x4E00 + place) for place in range(2_000))]})
    every = draw_texts(directory, EvaluateParams(max_characters=90, windows_per_document=99), CHANNELS)
    assert [text.window for text in every] == list(range(23))  # 2,000 characters in windows of 86 or 87
    assert "".join(text.text for text in every) == "".join(chr(0x4E00 + place) for place in range(2_000))
    some = draw_texts(directory, EvaluateParams(max_characters=90, windows_per_document=4), CHANNELS)
    assert len(some) == 4
    assert max(text.window for text in some) > 10
    assert set(some) < set(every)


def test_works_are_drawn_and_not_their_parts(tmp_path: Path) -> None:
    books = {f"book-{number}": [f"part {part} of {number}" for part in range(20)] for number in range(6)}
    params = EvaluateParams(documents_per_channel=4, windows_per_document=3)
    texts = draw_texts(write_parts(tmp_path / "a", books), params, CHANNELS)
    assert len({text.work for text in texts}) == 4
    assert len(texts) == 12


@pytest.mark.feature(100)
def test_works_that_share_text_are_drawn_and_measured_as_one(tmp_path: Path) -> None:
    books = {f"book-{number}": [f"part {part} of {number}" for part in range(20)] for number in range(6)}
    editions = {"book-1": "book-0", "book-5": "book-4"}
    directory = write_parts(tmp_path / "a", books, editions)
    texts = draw_texts(directory, EvaluateParams(documents_per_channel=9, windows_per_document=3), CHANNELS)
    assert sorted({text.family for text in texts}) == ["book-0", "book-2", "book-3", "book-4"]
    assert len(texts) == 12
    every = draw_texts(directory, EvaluateParams(documents_per_channel=9, windows_per_document=99), CHANNELS)
    assert {text.work: text.family for text in every} == {book: editions.get(book, book) for book in books}
    assert len(draw_texts(directory, EvaluateParams(documents_per_channel=2, windows_per_document=3), CHANNELS)) == 6


def test_nothing_to_score_is_an_error_that_names_the_channels(tmp_path: Path) -> None:
    documents = write(tmp_path / "a", range(3), channel="poetry")
    with pytest.raises(NothingLeftError, match="no document of the channels domain, en"):
        draw_texts(documents, EvaluateParams(), CHANNELS)
