"""The three kinds: they learn or ask, a score depends on its text alone, and nothing pickled is written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.core.errors import ModelNotFoundError, ParameterError, UnfitModelError
from cpt_pipeline.corpus.clean.scoring.evaluation import evaluate_scores
from cpt_pipeline.corpus.clean.scoring.labels import Label
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.scorers import describe_model, load_scorer, round_scores, train_scorer
from cpt_pipeline.corpus.models.devices import one_thread
from cpt_pipeline.vocabulary.tokenizer import train_bpe
from tests.corpus.clean.scoring.texts import make_labels, write_encoder
from tests.formats.tiny_models import save_tiny
from tests.weights import lose_weight

UNSEEN = make_labels(130)[200:]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of a model this small wait for one another longer than they compute."""
    with one_thread():
        yield


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [label.text for label in make_labels(20)]
    return write_encoder(tmp_path_factory.mktemp("encoder") / "bert", texts)


def encoder_params(folder: Path, **changes: object) -> ScorerParams:
    options = {"name": str(folder), "max_tokens": 64, "epochs": 2, "batch_size": 8, "learning_rate": 3e-3, **changes}
    return ScorerParams.model_validate({"kind": "encoder", "encoder": options})


def test_linear_learns_words_and_uses_labels_between_good_and_poor(tmp_path: Path) -> None:
    params = ScorerParams()
    train_scorer(make_labels(40), params, tmp_path / "sure")
    scores = load_scorer(str(params), tmp_path / "sure").score([label.text for label in UNSEEN])
    assert evaluate_scores(scores, UNSEEN).auc == 1.0
    unsure = [Label(label.text, 0.3 + 0.4 * label.value) for label in make_labels(40)]
    train_scorer(unsure, params, tmp_path / "unsure")
    closer = load_scorer(str(params), tmp_path / "unsure").score([label.text for label in UNSEEN])
    assert 0.3 < closer.min() < 0.5 < closer.max() < 0.7
    assert scores.min() < 0.3
    assert scores.max() > 0.7


def test_an_encoder_is_fine_tuned_and_scores_a_text_by_itself(encoder: Path, tmp_path: Path) -> None:
    params = encoder_params(encoder)
    for name in "ab":
        train_scorer(make_labels(60), params, tmp_path / name)
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]
    scorer, texts = load_scorer(str(params), tmp_path / "a"), [label.text for label in UNSEEN]
    scores = round_scores(scorer.score(texts))
    assert evaluate_scores(scores, UNSEEN).auc == pytest.approx(1.0, abs=0.02)
    alone = [float(round_scores(scorer.score([text]))[0]) for text in texts]
    assert scores.tolist() == alone


def test_a_decoder_without_a_padding_token_is_fine_tuned_too(tmp_path: Path) -> None:
    folder, labels = tmp_path / "decoder", make_labels(12)
    train_bpe((label.text for label in labels), folder, 400)
    save_tiny("llama", folder, vocab_size=400, pad_token_id=None)
    params = encoder_params(folder, epochs=1)
    train_scorer(labels, params, tmp_path / "out")
    texts = [label.text[: 40 * number] for number, label in enumerate(labels, 1)]
    scorer = load_scorer(str(params), tmp_path / "out")
    alone = [float(round_scores(scorer.score([text]))[0]) for text in texts]
    assert round_scores(scorer.score(texts)).tolist() == alone


def test_padding_moves_a_score_by_less_than_what_is_rounded_away(encoder: Path, tmp_path: Path) -> None:
    from cpt_pipeline.corpus.clean.scoring import encoder as module

    params = encoder_params(encoder)
    train_scorer(make_labels(10), params, tmp_path)
    tokenizer, model = module._load(tmp_path)
    texts = ["the theory", UNSEEN[0].text, UNSEEN[1].text[:90]]
    batch = model.eval()(**module._encode(tokenizer, texts, params.encoder)).logits[:, 0].sigmoid()
    assert np.abs(batch.detach().numpy() - load_scorer(str(params), tmp_path).score(texts)).max() < 1e-5


def test_an_encoder_that_cannot_read_the_labels_is_refused(encoder: Path, tmp_path: Path) -> None:
    chinese = [Label("脉浮紧者当发汗。" * 9, 1.0), Label("清仓甩卖。" * 9, 0.0)]
    with pytest.raises(ParameterError, match=r"does not know 9\d% of the labelled texts"):
        train_scorer(chinese, encoder_params(encoder), tmp_path)
    with pytest.raises(ParameterError, match="reads 128 tokens, not 512"):
        train_scorer(UNSEEN, encoder_params(encoder, max_tokens=512), tmp_path)


def test_no_scorer_fills_a_missing_weight_at_random(encoder: Path, tmp_path: Path) -> None:
    name = "bert.encoder.layer.0.output.dense.weight"
    start = lose_weight(shutil.copytree(encoder, tmp_path / "start"), name.removeprefix("bert."))
    with pytest.raises(UnfitModelError, match=rf"start, read as BertForSequenceClassification, lacks {name}"):
        train_scorer(make_labels(2), encoder_params(start), tmp_path / "none")
    params = encoder_params(encoder)
    train_scorer(make_labels(2), params, tmp_path / "trained")
    with pytest.raises(UnfitModelError, match=r"trained, read as .* lacks classifier\.weight"):
        load_scorer(str(params), lose_weight(tmp_path / "trained", "classifier.weight"))


def test_a_model_is_told_from_others_by_its_bytes(encoder: Path, tmp_path: Path) -> None:
    described = describe_model(encoder_params(encoder))
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= described.keys()
    assert describe_model(ScorerParams()) is None
    with pytest.raises(ModelNotFoundError, match=r"clean\.scorer\.encoder\.name in conf"):
        describe_model(encoder_params(tmp_path))


@pytest.fixture
def stories() -> Path:
    if "CPT_SHARED" not in os.environ:
        pytest.skip("CPT_SHARED names no folder of models")
    return Path(os.environ["CPT_SHARED"]) / "models/tinystories-656k"


def language_model_params(folder: Path, **options: object) -> ScorerParams:
    given = {"name": str(folder), "max_tokens": 100, **options}
    return ScorerParams.model_validate({"kind": "language_model", "language_model": given})


def test_a_language_model_that_lacks_a_weight_is_refused(stories: Path, tmp_path: Path) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    copy = lose_weight(shutil.copytree(stories, tmp_path / "copy"), name)
    with pytest.raises(UnfitModelError, match=rf"copy, read as LlamaForCausalLM, lacks {name}"):
        load_scorer(str(language_model_params(copy)), tmp_path)


def test_a_language_model_is_asked_for_yes_against_no(stories: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    question = {"prompt": "Mom said: {text} Do you like it? She said:", "answers": [" yes", " no"]}
    params = language_model_params(stories, en=question)
    train_scorer([], params, tmp_path)
    short, long = "the sun is up.", "the cat sat in the sun. " * 60
    scores = load_scorer(str(params), tmp_path).score([short, long])
    tokenizer, model = AutoTokenizer.from_pretrained(stories), AutoModelForCausalLM.from_pretrained(stories)
    prompts = [f"Mom said: {short} Do you like it? She said:{answer}" for answer in question["answers"]]
    yes, no = (tokenizer(prompt)["input_ids"] for prompt in prompts)
    logits = model(torch.tensor([yes[: len(no) - 1]])).logits[0, -1].double()
    wanted = torch.stack([logits[yes[len(no) - 1]], logits[no[-1]]]).softmax(0)[0].item()
    assert scores[0] == pytest.approx(wanted, abs=1e-5)
    assert 0 < scores[1] < 1
    assert load_scorer(str(params), tmp_path).score([long]).tolist() == [scores[1]]


def test_a_language_model_that_cannot_be_asked_so_is_refused(stories: Path, tmp_path: Path) -> None:
    for options, message in (
        ({"chat": True}, "has no chat template"),
        ({"max_tokens": 500}, r"reads 512 tokens; text and question are \d+"),
        ({}, "if it does not know their language"),
    ):
        with pytest.raises(ParameterError, match=message):
            load_scorer(str(language_model_params(stories, **options)), tmp_path).score(["脉浮紧者当发汗"])
