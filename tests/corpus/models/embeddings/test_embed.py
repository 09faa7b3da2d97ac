"""The kind in conf decides which embedder is made, and what its vectors depend on."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.corpus.models.embeddings.embed import identify, load_embedder
from cpt_pipeline.corpus.models.embeddings.params import EncoderParams, EncoderRunParams, HashedParams
from tests.corpus.embeddings.tiny_encoder import write_encoder


def test_both_kinds_give_vectors_of_their_dimensions(tmp_path: Path) -> None:
    model = EncoderParams(kind="encoder", model=str(write_encoder(tmp_path / "tiny")))
    for params, dimensions in ((HashedParams(dimensions=64), 64), (model, 32)):
        embedder = load_embedder(params, EncoderRunParams(), key="key")
        assert embedder.embed(["a cat", "a mat"]).shape == (2, embedder.dimensions) == (2, dimensions)
    assert "model.safetensors" in identify(model, key="key")["files"]


def test_an_encoder_that_is_not_there_is_named_without_loading_anything() -> None:
    with pytest.raises(ModelNotFoundError, match=r"no such folder\. Set some\.key"):
        identify(EncoderParams(kind="encoder", model="./nowhere"), key="some.key")
