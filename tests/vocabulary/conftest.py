"""A small tokenizer and documents that are hard to encode: what the vocabulary tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.vocabulary.tokenizer import train_bpe
from tests.vocabulary.texts import NASTY, write_documents


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer trained on a few sentences."""
    place = tmp_path_factory.mktemp("tokenizer")
    train_bpe(iter(["the cat and the dog", "中文文本", "def f(x): return x", *NASTY] * 3), place, 400)
    return place


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """The nasty texts, in turn of channel `zh`, `en` and `en`."""
    channels = ["zh" if index % 3 == 0 else "en" for index in range(len(NASTY))]
    return write_documents(tmp_path / "documents", NASTY, channels)
