"""What an LLM is asked about a document, and the text that is made of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cpt_pipeline.core.artifact import digest_json
from cpt_pipeline.corpus.clean.augmentation.made import Made
from cpt_pipeline.corpus.clean.augmentation.params import GenerativeParams, Kind, QuestionsParams
from cpt_pipeline.corpus.clean.augmentation.questions import is_too_general, read_pairs, write_pairs
from cpt_pipeline.corpus.clean.augmentation.selection import language_of
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.corpus.llm.answers import AnswerStore, Request
from cpt_pipeline.corpus.llm.params import EndpointParams
from cpt_pipeline.text.cut import cut_text

_PREAMBLE = re.compile(
    r"\A(?:(?:sure|certainly|of course|here is|here's|below is|rewritten)\b[^\n]{0,100}[:.!]"
    r"|(?:好的|当然|以下是|下面是|改写)[^\n]{0,40}[：:。！])\s*\n+",
    re.IGNORECASE,
)
"""Nemotron-CC removes such first lines too."""


@dataclass(frozen=True)
class Writer:
    """Makes one kind of document from answers that are kept."""

    kind: Kind
    params: GenerativeParams
    endpoint: EndpointParams
    answers: Path
    errors: dict[str, str] = field(default_factory=dict)
    """Id of a failed request to what went wrong."""
    common: dict[str, frozenset[str]] = field(default_factory=dict)
    """Language to the words that are common in general text; for `questions`."""

    def prompt(self, row: Row) -> str:
        """Give the prompt for a document's language."""
        prompt = self.params.prompts[language_of(row)]
        if isinstance(self.params, QuestionsParams):
            return prompt.replace("{num_questions}", str(self.params.num_questions))
        return prompt

    def marks(self, row: Row) -> dict[str, str]:
        """Give what the metadata of a document say of its making."""
        return {"model": self.endpoint.model, "prompt": digest_json(self.prompt(row))[:16]}

    def requests(self, row: Row) -> Iterator[Request]:
        """Give the requests for a document, one per part."""
        prompt = self.prompt(row)
        for number, (_, part) in enumerate(cut_text(row["text"], self.params.max_characters)):
            yield Request(f"{row['id']}#{self.kind}/{number}", (("user", prompt.replace("{text}", part)),))

    def make(self, row: Row) -> Made:
        """Make a document of the answers; one that is missing or was cut at `max_tokens` leaves none."""
        store = AnswerStore(self.answers)
        texts: list[str] = []
        for request in self.requests(row):
            answer = store.find(request, self.endpoint)
            if answer is None:
                return Made(verdict=("no_answer", self.errors.get(request.id, "not asked")))
            if answer.error is not None:
                return Made(verdict=("no_answer", answer.error))
            if answer.finish_reason == "length":
                return Made(verdict=("cut_answer", f"longer than endpoint.max_tokens {self.endpoint.max_tokens}"))
            texts.append(answer.text)
        if isinstance(self.params, QuestionsParams):
            return self._pairs("\n\n".join(texts), row, self.params)
        return Made("\n\n".join(_PREAMBLE.sub("", text) for text in texts))

    def _pairs(self, answers: str, row: Row, params: QuestionsParams) -> Made:
        pairs, language = read_pairs(answers), language_of(row)
        if not pairs:
            return Made(verdict=("no_questions", f"begins with {answers[:60]!r}"))
        counts = {"questions/written": len(pairs)}
        if language not in self.common:
            return Made(write_pairs(pairs, language), counts=counts)
        good = [pair for pair in pairs if not is_too_general(pair.question, row["text"], self.common[language])]
        counts |= {"questions/measured": len(pairs), "questions/too_general": len(pairs) - len(good)}
        if not params.exclude_too_general:
            return Made(write_pairs(pairs, language), counts=counts)
        if not good:
            return Made(verdict=("too_general", pairs[0].question), counts=counts)
        return Made(write_pairs(good, language), counts=counts)
