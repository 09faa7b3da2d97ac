"""A tokenizer that loses the text of a channel stops the run before anything is trained with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.vocabulary.fit import check_losses
from cpt_pipeline.vocabulary.params import TokenizerParams
from cpt_pipeline.vocabulary.tokenizer import prepare_tokenizer
from tests.vocabulary.texts import write_documents


def save_lower_case_words(folder: Path) -> Path:
    """Save a sealed model folder whose tokenizer knows three words in lower case."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "</s>": 1, "the": 2, "cat": 3, "sat": 4}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", unk_token="[UNK]")
    fast.save_pretrained(folder)
    seal(folder, "model")
    return folder


def test_a_channel_that_is_lost_as_a_whole_stops_the_stage(tmp_path: Path) -> None:
    base = save_lower_case_words(tmp_path / "base_model")
    texts = ["the cat sat", "the cat", "中文文本", "骨骼", "the  dog"]
    documents = write_documents(tmp_path / "documents", texts, ["en", "en", "zh", "zh", "code"])
    with pytest.raises(ParameterError) as caught:
        prepare_tokenizer(documents, base, tmp_path / "out", TokenizerParams())
    said = str(caught.value)
    assert "tokenizer.max_lost_share is 0.9" in said
    assert "channel zh: 100% of the documents read do not decode to their own text" in said
    assert "channel en" not in said
    assert not list((tmp_path / "out").rglob("manifest.json")), "nothing is finished"
    report = prepare_tokenizer(documents, base, tmp_path / "again", TokenizerParams(max_lost_share=1.0))
    assert report.channels["zh"].lost_share == 1.0


def test_a_loss_at_the_limit_is_let_through() -> None:
    check_losses({"en": 0.9, "zh": 0.0}, TokenizerParams())
    with pytest.raises(ParameterError, match=r"(?s)channel en: 91%.*channel zh: 95%"):
        check_losses({"zh": 0.95, "en": 0.91}, TokenizerParams())
