"""Sieve: records in = documents + excluded, per channel and in the artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import is_sealed
from cpt_pipeline.corpus.engine.sieve import Amount, Sieve
from cpt_pipeline.formats.documents import count_documents, document, read_documents


def row(number: int, channel: str = "en") -> dict[str, object]:
    return document(id=f"s/{number}", text="汉x", channel=channel, source="s", license="MIT")


def test_amounts_are_documents_and_utf8_bytes(tmp_path: Path) -> None:
    with Sieve(tmp_path, kept=("a", "b"), excluded="out") as sieve:
        sieve.keep(row(0, "zh"), "a")
        sieve.keep(row(1, "en"), "a")
        sieve.keep(row(2, "en"), "b")
        sieve.exclude(row(3, "zh"), "empty", "why")
    assert sieve.amounts("a") == {"en": Amount(documents=1, bytes=4), "zh": Amount(documents=1, bytes=4)}
    assert list(sieve.amounts("a")) == ["en", "zh"]
    assert sieve.total("a") == Amount(documents=2, bytes=8)
    assert sieve.num_records == 4
    assert list(read_documents(tmp_path / "out")) == [
        {"id": "s/3", "source": "s", "channel": "zh", "reason": "empty", "detail": "why"}
    ]


def test_error_seals_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), Sieve(tmp_path, kept=("a",), excluded="out") as sieve:
        sieve.keep(row(0), "a")
        raise ValueError("stop")
    assert not is_sealed(tmp_path / "a")
    assert not is_sealed(tmp_path / "out")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "short", "long"])))
def test_nothing_is_lost(tmp_path_factory: pytest.TempPathFactory, fates: list[str]) -> None:
    place = tmp_path_factory.mktemp("sieve")
    with Sieve(place, kept=("a", "b"), excluded="out") as sieve:
        for number, fate in enumerate(fates):
            if fate in {"a", "b"}:
                sieve.keep(row(number), fate)
            else:
                sieve.exclude(row(number), fate)
    assert sum(count_documents(place / name) for name in ("a", "b", "out")) == len(fates)
    assert sieve.excluded() == {reason: fates.count(reason) for reason in ("long", "short") if reason in fates}
