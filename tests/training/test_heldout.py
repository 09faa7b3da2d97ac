"""The held-out texts of the curves during training."""

from __future__ import annotations

from pathlib import Path

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.formats.tokens import TokenWriter
from cpt_pipeline.training.heldout import load_heldout


def test_the_curves_rest_on_texts_from_all_over_and_not_on_the_first_book(tmp_path: Path) -> None:
    """200 parts of one book stand before 200 articles; 20 documents of 8 tokens are asked for."""
    with TokenWriter(tmp_path / "heldout", "en", 10_000) as writer:
        for number in range(200):
            place = {"part_of": "book", "part": number, "last_part": number == 199}
            writer.write([number + 1] * 8, id=f"book/{number}", num_bytes=16, **place)
        for number in range(200):
            writer.write([number + 1_001] * 8, id=f"article-{number}", num_bytes=16)
    seal(tmp_path, "tokens")
    (found,) = load_heldout(tmp_path, sequence_length=32, max_tokens=160)
    tokens = set(found.input_ids.unique().tolist()) - {0}
    assert len(tokens) >= 20
    assert 5 <= sum(token > 1_000 for token in tokens) <= 17
    assert found.num_labels == 7 * len(tokens)
    assert found.num_bytes == 14.0 * len(tokens)  # of 16: the first token is not predicted
