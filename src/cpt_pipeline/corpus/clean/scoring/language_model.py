"""The language model scorer: a causal model is asked whether a text is worth learning, without any training.

The score is the probability of "yes" against "no" as the next word, as in Ask-LLM (Sachdeva et al. 2024, "How to Train
Data-Efficient LLMs"); the paper takes "yes" against all words, and a base model has many other ways to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.scoring.params import LanguageModelParams, QuestionParams
from cpt_pipeline.corpus.models.devices import one_thread, pick_device
from cpt_pipeline.formats.plain_text import PlainTextEncoder
from cpt_pipeline.text.words import is_cjk, split_words

_HEAD_CHARACTERS = 2_000


class LanguageModelScorer:
    """Gives the probability that the model says yes; it is asked about one text at a time."""

    def __init__(self, folder: Path, params: LanguageModelParams) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from cpt_pipeline.model.weights import load_weights

        self._params = params
        self._device = pick_device()
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self._plain = PlainTextEncoder(self._tokenizer)
        model = load_weights(AutoModelForCausalLM, folder, dtype=getattr(torch, params.dtype))
        self._model = model.to(self._device)
        self._require_fit(folder)

    def score(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Give a score in 0..1 for every text."""
        with one_thread():
            return np.array([self._score(text) for text in texts])

    def _require_fit(self, folder: Path) -> None:
        """`ParameterError` when the model cannot be asked like this, before any text is."""
        where = "conf: clean.scorer.language_model"
        if self._params.chat and self._tokenizer.chat_template is None:
            raise ParameterError(f"{folder} has no chat template ({where}.chat)")
        limit = getattr(self._model.config, "max_position_embeddings", None)
        needed = self._params.max_tokens + max(map(len, self._bare_questions()))
        if limit is not None and needed > limit:
            raise ParameterError(
                f"{folder} reads {limit} tokens; text and question are {needed} ({where}.max_tokens: make it smaller)"
            )

    def _bare_questions(self) -> Iterator[list[int]]:
        """Give the questions without a text; not those in a language the model has no words for."""
        for text in ("a", "文"):
            with suppress(ParameterError):
                yield self._ask(text)[0]
        yield []

    def _score(self, text: str) -> float:
        import torch

        context, answers = self._ask(text)
        with torch.inference_mode():
            ids = torch.tensor([context], device=self._device)
            logits = self._model(input_ids=ids, use_cache=False, logits_to_keep=1).logits[0, -1].float()
            return float(logits[answers].softmax(0)[0])

    def _ask(self, text: str) -> tuple[list[int], list[int]]:
        """Give the tokens of the question, and the two tokens in which the answers first differ."""
        question = self._question(text)
        prompt = question.prompt.replace("{text}", self._plain.spell(self._shorten(text)))
        if self._params.chat:
            turn = [{"role": "user", "content": prompt}]
            prompt = self._tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        both = [self._encode(prompt + answer) for answer in question.answers]
        common = [left for left, _ in takewhile(lambda pair: pair[0] == pair[1], zip(*both, strict=False))]
        if len(common) >= min(map(len, both)):
            raise ParameterError(
                f"To the tokens of this model one of the answers {question.answers} is the other one, or begins it "
                "(conf: clean.scorer.language_model). Word them otherwise; or, if it does not know their language, let "
                "clean.scorer.channels name channels that it can read"
            )
        return common, [ids[len(common)] for ids in both]

    def _question(self, text: str) -> QuestionParams:
        words = split_words(text[:_HEAD_CHARACTERS])
        return self._params.zh if 2 * sum(map(is_cjk, words)) > len(words) else self._params.en

    def _shorten(self, text: str) -> str:
        head = text[: 16 * self._params.max_tokens]
        encoded = self._tokenizer(
            head,
            add_special_tokens=False,
            split_special_tokens=True,
            truncation=True,
            max_length=self._params.max_tokens,
            return_offsets_mapping=True,
        )
        offsets = encoded["offset_mapping"]
        return head[: offsets[-1][1]] if len(offsets) == self._params.max_tokens else head

    def _encode(self, prompt: str) -> list[int]:
        ids: list[int] = self._tokenizer(prompt, add_special_tokens=not self._params.chat)["input_ids"]
        return ids
