"""What is done around a sentence encoder, shown with one of random weights and with a small decoder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.core.errors import ModelNotFoundError, UnfitModelError
from cpt_pipeline.corpus.models.embeddings.encoder import Encoder, digest_encoder, read_pooling
from cpt_pipeline.corpus.models.embeddings.params import EncoderParams, EncoderRunParams, Pooling
from tests.corpus.embeddings.tiny_encoder import WORDS, write_encoder
from tests.weights import lose_weight

ONE = EncoderRunParams()
TEXTS = ["the cat sat", " ".join(WORDS * 2), "rain", "", "old town and nobody saw who had left"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("models") / "tiny")


def encoder(folder: Path, run: EncoderRunParams = ONE, **params: object) -> Encoder:
    given = EncoderParams.model_validate({"kind": "encoder", "model": str(folder), **params})
    return Encoder(given, run, key="dedup.semantic.embedding.model")


def test_vectors_have_length_1_and_do_not_depend_on_neighbours(folder: Path) -> None:
    found = encoder(folder).embed(TEXTS)
    assert found.shape == (5, 32)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)
    alone = np.concatenate([encoder(folder).embed([text]) for text in TEXTS])
    assert found.tobytes() == alone.tobytes()
    together = encoder(folder, EncoderRunParams(batch_texts=5)).embed(TEXTS)
    assert np.abs(together - found).max() < 1e-5


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_pooling_is_what_transformers_gives_by_hand(folder: Path, pooling: Pooling) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)("the cat sat", return_tensors="pt")
    states = AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0]
    by_hand = {"mean": states.mean(dim=0), "cls": states[0], "last": states[-1]}[pooling]
    expected = torch.nn.functional.normalize(by_hand, dim=0).detach().numpy()
    together = encoder(folder, EncoderRunParams(batch_texts=3), pooling=pooling).embed(TEXTS[:3])[0]
    assert np.abs(together - expected).max() < 1e-5


def test_long_texts_are_cut_where_the_model_ends_or_conf_says(folder: Path) -> None:
    whole = encoder(folder)
    assert whole.max_tokens == 64
    long = " ".join(WORDS * 20)
    assert whole.embed([long]).tobytes() == whole.embed([" ".join((WORDS * 20)[:62])]).tobytes()
    short = encoder(folder, max_tokens=10)
    assert short.embed([long]).tobytes() == whole.embed([" ".join(WORDS[:8])]).tobytes()


def test_the_prefix_comes_before_every_text(folder: Path) -> None:
    assert (
        encoder(folder, prefix="the cat ").embed(["sat"]).tobytes() == encoder(folder).embed(["the cat sat"]).tobytes()
    )


@pytest.mark.parametrize(
    ("settings", "pooling"),
    [
        (None, "mean"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False}, "mean"),
        ({"pooling_mode_lasttoken": True}, "last"),
    ],
)
def test_pooling_is_read_from_the_model(tmp_path: Path, settings: dict[str, bool] | None, pooling: str) -> None:
    assert read_pooling(write_encoder(tmp_path / "a", pooling=settings)) == pooling


def test_what_would_be_read_wrongly_is_refused(tmp_path: Path, folder: Path) -> None:
    most = write_encoder(tmp_path / "max", pooling={"pooling_mode_max_tokens": True})
    with pytest.raises(ModelNotFoundError, match="pools its tokens by pooling_mode_max_tokens"):
        encoder(most)
    assert encoder(most, pooling="cls").dimensions == 32
    with pytest.raises(ModelNotFoundError, match=r"parts that are not read here: Dense. Set dedup\.semantic"):
        encoder(write_encoder(tmp_path / "dense", modules=("Transformer", "Pooling", "Dense")))
    pickled = shutil.copytree(folder, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelNotFoundError, match=r"no \*\.safetensors.*dedup\.semantic\.embedding\.model in conf"):
        encoder(pickled)
    with pytest.raises(ModelNotFoundError, match="neither a folder nor reachable on the hub"):
        encoder(Path("no/model"), revision="0" * 40)


def test_an_encoder_that_lacks_a_weight_is_refused_by_name(tmp_path: Path, folder: Path) -> None:
    copy = lose_weight(shutil.copytree(folder, tmp_path / "copy"), "encoder.layer.1.output.dense.weight")
    with pytest.raises(
        UnfitModelError, match=r"copy, read as BertModel, lacks encoder\.layer\.1\.output\.dense\.weight"
    ):
        encoder(copy)


def test_a_changed_file_changes_the_digest(tmp_path: Path, folder: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    params = EncoderParams(kind="encoder", model=str(copy))
    before = digest_encoder(params, "key")
    assert "model.safetensors" in before
    (copy / "1_Pooling").mkdir()
    (copy / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    assert digest_encoder(params, "key") != before
    config = copy / "config.json"
    with_pooling = digest_encoder(params, "key")
    config.write_text(config.read_text(encoding="utf-8").replace('"gelu"', '"relu"'), encoding="utf-8")
    assert digest_encoder(params, "key") != with_pooling, "the config of the model is not that of its pooling"


def test_a_decoder_of_real_weights_works_in_batches_though_it_has_no_padding(tmp_path: Path, shared: Path) -> None:
    from transformers import AutoModelForCausalLM

    stored = shared / "models/tinystories-656k"
    with pytest.raises(UnfitModelError, match=r"read as LlamaModel, lacks embed_tokens\.weight\."):
        encoder(stored)
    folder = shutil.copytree(stored, tmp_path / "decoder", ignore=shutil.ignore_patterns("*.safetensors"))
    AutoModelForCausalLM.from_pretrained(stored).model.save_pretrained(folder)
    texts = ["Once upon a time there was a cat.", "Tom ran.", ""]
    for pooling in ("mean", "last"):
        found = encoder(folder, pooling=pooling).embed(texts)
        together = encoder(folder, EncoderRunParams(batch_texts=3), pooling=pooling).embed(texts)
        assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)
        assert np.abs(together - found).max() < 1e-5
