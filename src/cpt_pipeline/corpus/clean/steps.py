"""The steps of clean, in the order they are taken; each looks at one document and leaves the others alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.corpus.clean.blocklists.addresses import BlockedAddresses, BlockedAddressesParams
from cpt_pipeline.corpus.clean.blocklists.words import BlockedWords, BlockedWordsParams
from cpt_pipeline.corpus.clean.kinds import kind_of
from cpt_pipeline.corpus.clean.personal_data.personal_data import PersonalData, PersonalDataParams
from cpt_pipeline.corpus.clean.phrases.listing import Listing
from cpt_pipeline.corpus.clean.phrases.mining import Gathered, Mined
from cpt_pipeline.corpus.clean.phrases.phrases import (
    Frequent,
    Phrase,
    PhrasesParams,
    find_ngrams,
    find_phrases,
    remove_phrases,
)
from cpt_pipeline.corpus.clean.repair.line_noise import LineNoiseParams, remove_noise
from cpt_pipeline.corpus.clean.repair.normalise import NormaliseParams, normalise
from cpt_pipeline.corpus.clean.rules.basic import token_shares
from cpt_pipeline.corpus.engine.steps import NUMBER, DocumentStep, count, exclude, is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks

SURROGATES = "surrogate/"
"""Begin of the counters of what was put in the place of personal data."""
PHRASES = ".phrases.json"
"""End of the files in which tasks list phrases."""
GIVEN_CATEGORY = "given category"
"""Key of a document's metadata: its category before its form was looked at."""
COLLECTED_TOKENS = "tokens as collected"
"""Key of a document's metadata: the share of each token of the user before anything was changed."""
_STRONG = "strong format"


class NameKind(DocumentStep):
    """Say what form a text has, where its source does not say what it is."""

    name = "name the kind"

    def __init__(self, strong_formats: tuple[str, ...]) -> None:
        super().__init__()
        self._strong_formats = strong_formats

    def apply(self, document: Document) -> None:
        """Set the category of a document that has none, or is from the web; a source that says more is believed."""
        document.metadata[GIVEN_CATEGORY] = document.metadata["category"]
        if document.metadata["category"] in (None, "web"):
            document.metadata["category"] = kind_of(document.text) or document.metadata["category"]
        document.metadata[_STRONG] = document.metadata["category"] in self._strong_formats


class MeasureTokens(DocumentStep):
    """Measure the tokens that a rule limits before later steps change or remove them."""

    name = "measure tokens"

    def __init__(self, tokens: Iterable[str]) -> None:
        super().__init__()
        self._tokens = tuple(tokens)

    def apply(self, document: Document) -> None:
        """Keep the shares for the rules."""
        document.metadata[COLLECTED_TOKENS] = token_shares(document.text, self._tokens)


class Normalise(DocumentStep):
    """The same text in the same characters."""

    name = "normalise"

    def __init__(self, params: NormaliseParams) -> None:
        super().__init__()
        self._params = params

    def apply(self, document: Document) -> None:
        """Normalise, and count the steps that changed something."""
        document.text, changed = normalise(document.text, self._params, strong_format=_is_strong(document))
        for name in changed:
            count(document, f"normalise/{name}")


class RemoveNoise(DocumentStep):
    """Take out lines and marks that are not what a document says."""

    name = "remove noise"

    def __init__(self, params: LineNoiseParams) -> None:
        super().__init__()
        self._params = params

    def apply(self, document: Document) -> None:
        """Remove, and count what was removed by rule."""
        if not _is_strong(document):
            document.text, removed = remove_noise(document.text, self._params)
            for name, number in removed.items():
                count(document, f"noise/{name}", number)
            if not document.text.strip():
                exclude(document, "only_noise", ", ".join(sorted(removed)))


class MinePhrases(PipelineStep):  # type: ignore[misc]
    """Write the n-grams of a task's documents, for the phrases of a source; gives nothing."""

    name = "mine phrases"
    type = "cpt"

    def __init__(self, tasks: Tasks, params: PhrasesParams, sources: list[str]) -> None:
        super().__init__()
        self._tasks, self._params, self._sources = tasks, params, sources

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Write what `mining.mine` reads."""
        gathered = Gathered(self._sources)
        for document in data:
            if not is_excluded(document) and not _is_strong(document):
                source = document.metadata["source"]
                hashes = find_ngrams(document.text, source, self._params).hashes
                gathered.add(hashes, document.metadata[NUMBER], source)
        gathered.write(self._tasks, rank)
        yield from ()


class RemovePhrases(DocumentStep):
    """List the phrases that a source repeats, and remove those that too many of its documents hold."""

    name = "remove phrases"

    def __init__(self, tasks: Tasks, params: PhrasesParams, mined: Mined) -> None:
        super().__init__()
        self._tasks, self._params, self._mined = tasks, params, mined
        self._listing = Listing(params.max_listed)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on, then write the list."""
        yield from super().run(data, rank, world_size)
        self._listing.write(self._tasks.file(rank, PHRASES))

    def apply(self, document: Document) -> None:
        """Look for the phrases of the document's source."""
        if _is_strong(document):
            return
        source = document.metadata["source"]
        phrases = find_phrases(document.text, source, _frequent(self._mined.table), self._params, 1)
        for each in phrases:
            text = " ".join(document.text[each.start : each.end].split())
            self._listing.add(source, text, each.documents, document.metadata[NUMBER], document.id)
        if self._params.remove_share is not None:
            border = self._params.remove_share * self._mined.num_mined[source]
            self._remove(document, [each for each in phrases if each.documents >= border])

    def _remove(self, document: Document, phrases: list[Phrase]) -> None:
        if phrases:
            count(document, "phrases/removed", len(phrases))
            before, document.text = document.text, remove_phrases(document.text, phrases)
            if not document.text:
                exclude(document, "only_phrases", before[:100])


class DropBlockedAddresses(DocumentStep):
    """Apply the lists of hosts and addresses."""

    name = "drop blocked addresses"

    def __init__(self, params: BlockedAddressesParams) -> None:
        super().__init__()
        self._key = str(params)

    def apply(self, document: Document) -> None:
        """Count hits by list; exclude by the first list that asks for it."""
        hits = _blocked_addresses(self._key).find(document.metadata["url"])
        for hit in hits:
            count(document, f"blocked_addresses/{hit.list}")
        excluding = next((hit for hit in hits if hit.policy == "exclude"), None)
        if excluding is not None:
            exclude(document, "blocked_address", f"{excluding.list}: {excluding.what}")


class DropBlockedWords(DocumentStep):
    """Apply the user's lists of words."""

    name = "drop blocked words"

    def __init__(self, params: BlockedWordsParams) -> None:
        super().__init__()
        self._key = str(params)

    def apply(self, document: Document) -> None:
        """Count hits by list, drop sentences, exclude documents."""
        judged = _blocked_words(self._key).judge(document.text)
        document.text = judged.text
        for name, number in judged.hits.items():
            count(document, f"blocked_words/{name}", number)
        if judged.num_dropped_sentences:
            count(document, "blocked_words/dropped_sentences", judged.num_dropped_sentences)
        if judged.reason is not None:
            exclude(document, judged.reason, judged.detail)


class ReplacePersonalData(DocumentStep):
    """Drop, mask or replace what belongs to a person."""

    name = "replace personal data"

    def __init__(self, params: PersonalDataParams) -> None:
        super().__init__()
        self._key = str(params)

    def apply(self, document: Document) -> None:
        """Count by class, and the shapes of what was put in."""
        category = document.metadata["category"]
        cleaned = _personal_data(self._key).apply(document.id, document.text, category=category)
        document.text = cleaned.text
        for name, number in cleaned.counts.items():
            count(document, f"personal_data/{name}", number)
        for name, number in cleaned.patterns.items():
            count(document, f"{SURROGATES}{name}", number)
        if cleaned.verdict is not None:
            exclude(document, *cleaned.verdict)


# What is slow to make or learns while it works outlives the task: a process makes each once.


@cache
def _personal_data(params: str) -> PersonalData:
    return PersonalData(PersonalDataParams.model_validate_json(params))


@cache
def _blocked_addresses(params: str) -> BlockedAddresses:
    return BlockedAddresses.load(BlockedAddressesParams.model_validate_json(params))


@cache
def _blocked_words(params: str) -> BlockedWords:
    return BlockedWords.load(BlockedWordsParams.model_validate_json(params))


@lru_cache(1)
def _frequent(table: Path) -> Frequent:
    return Frequent.read(table)


def _is_strong(document: Document) -> bool:
    strong: bool = document.metadata[_STRONG]
    return strong
