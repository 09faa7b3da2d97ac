"""The steps for dialogues: count the turns that a source repeats, then clean every dialogue and measure it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.corpus.clean.dialogues.rules import Cleaned, DialogueRules, DialoguesParams
from cpt_pipeline.corpus.clean.dialogues.stock_replies import hash_turn, is_countable, masked
from cpt_pipeline.corpus.clean.phrases.listing import Listing
from cpt_pipeline.corpus.clean.phrases.mining import Gathered, Mined
from cpt_pipeline.corpus.clean.phrases.phrases import Frequent, PhrasesParams
from cpt_pipeline.corpus.clean.repair.normalise import NormaliseParams, normalise
from cpt_pipeline.corpus.engine.steps import NUMBER, DocumentStep, count, exclude, is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks

DENSITY = "dialogue density/"
"""Begin of the counters of dialogues by unit."""
PARTS = 1_000_000
"""A density is counted in so many parts."""
LISTED = ".replies.json"

_CATEGORY, _ABOUT, _RECOGNISED = "dialogue", "dialogue", "recognised"


def limits(params: DialoguesParams) -> PhrasesParams:
    """Say which turns are frequent in the words of `phrases`, which counts them."""
    stock = params.stock_replies
    return PhrasesParams(
        min_documents=stock.min_dialogues, list_share=stock.list_share, mined_megabytes=stock.mined_megabytes
    )


class MineReplies(PipelineStep):  # type: ignore[misc]
    """Write the turns of a task's dialogues as hashes, for those that a source repeats; gives nothing."""

    name = "mine replies"
    type = "cpt"

    def __init__(self, tasks: Tasks, params: DialoguesParams, names: NormaliseParams, sources: list[str]) -> None:
        super().__init__()
        self._tasks, self._params, self._names, self._sources = tasks, params, names, sources

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Look at the judged turns of every dialogue of the sample."""
        rules, gathered = _rules(str(self._params)), Gathered(self._sources)
        for document in data:
            if not is_excluded(document) and _is_dialogue(document):
                source = document.metadata["source"]
                turns, judged = rules.split(document.text, _about(document, self._names))
                forms = {masked(turn.text) for turn in turns if turn.speaker in judged}
                hashes = [hash_turn(form, source) for form in forms if _counts(form, self._params)]
                gathered.add(np.array(hashes, np.uint64), document.metadata[NUMBER], source)
        gathered.write(self._tasks, rank)
        yield from ()


class CleanDialogues(DocumentStep):
    """Remove tool claims and stock replies, list what a source repeats, and measure density before and after."""

    name = "clean dialogues"

    def __init__(self, tasks: Tasks, params: DialoguesParams, names: NormaliseParams, mined: Mined | None) -> None:
        super().__init__()
        self._tasks, self._params, self._names, self._mined = tasks, params, names, mined
        self._listing = Listing(params.stock_replies.max_listed)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on, then write the list."""
        yield from super().run(data, rank, world_size)
        self._listing.write(self._tasks.file(rank, LISTED))

    def apply(self, document: Document) -> None:
        """Clean a dialogue; leave every other document alone."""
        if not _is_dialogue(document):
            return
        about = _about(document, self._names)
        is_repeated = partial(self._is_repeated, document)
        cleaned = _rules(str(self._params)).clean(document.text, about, is_repeated)
        for rule, number in cleaned.removed.items():
            count(document, f"dialogues/{rule}", number)
        _measure(document, cleaned, str((about or {}).get("unit", _RECOGNISED)))
        document.text = cleaned.text
        if cleaned.verdict is not None:
            exclude(document, *cleaned.verdict)

    def _is_repeated(self, document: Document, text: str) -> bool:
        form = masked(text)
        if self._mined is None or not _counts(form, self._params):
            return False
        source = document.metadata["source"]
        (documents,) = _frequent(self._mined.table).find(np.array([hash_turn(form, source)], np.uint64)).tolist()
        if not documents:
            return False  # the source may be one of an earlier round, of which this one mined nothing
        self._listing.add(source, form, documents, document.metadata[NUMBER], document.id)
        return bool(documents >= self._params.stock_replies.remove_share * self._mined.num_mined[source])


def _measure(document: Document, cleaned: Cleaned, unit: str) -> None:
    found = {"dialogues": 1, "turns": cleaned.num_turns, "before": round(cleaned.density_before * PARTS)}
    if cleaned.verdict is None:
        found |= {"kept": 1, "after": round(cleaned.density_after * PARTS)}
    for name, amount in found.items():
        count(document, f"{DENSITY}{unit}/{name}", amount)


def _is_dialogue(document: Document) -> bool:
    return bool(document.metadata["category"] == _CATEGORY)


def _about(document: Document, names: NormaliseParams) -> dict[str, Any] | None:
    """Give what collect says of a dialogue; the names of speakers as they stand in the normalised text."""
    about = json.loads(document.metadata["metadata"] or "{}").get(_ABOUT)
    if not isinstance(about, dict):
        return None
    return {**about, "speakers": [_normalised(name, str(names)) for name in about["speakers"]]}


def _counts(form: str, params: DialoguesParams) -> bool:
    return is_countable(form, params.stock_replies.min_words, params.stock_replies.max_words)


# As in `steps`: what is slow to make outlives the task.


@lru_cache(1_000)
def _normalised(name: str, params: str) -> str:
    return normalise(name, NormaliseParams.model_validate_json(params), strong_format=False)[0] or name


@cache
def _rules(params: str) -> DialogueRules:
    return DialogueRules(DialoguesParams.model_validate_json(params))


@lru_cache(1)
def _frequent(table: Path) -> Frequent:
    return Frequent.read(table)
