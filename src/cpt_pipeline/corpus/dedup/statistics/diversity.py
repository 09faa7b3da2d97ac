"""How various the text for training is, measured on a sample: by vectors, by words, and by where it comes from.

The sample of a channel are the documents with the smallest hashes of their ids, so it does not depend on their order
or on how the work was divided. Numbers are rounded to four digits, beyond which they depend on the machine.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from heapq import heappush, heappushpop
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt
import xxhash
from threadpoolctl import threadpool_limits

from cpt_pipeline.corpus.dedup.semantic.leaders import find_leaders
from cpt_pipeline.corpus.dedup.statistics.diversity_params import DiversityOf, DiversityParams, DiversityReport
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.corpus.models.embeddings.embed import load_embedder
from cpt_pipeline.corpus.models.embeddings.hashed import Vectors
from cpt_pipeline.corpus.models.embeddings.params import EncoderRunParams
from cpt_pipeline.text.words import fold, split_words

KEY = "dedup.diversity.embedding.model"
"""Where conf names the encoder."""
_ORIGINS = ("source", "category", "language")


class DiversitySample:
    """Sees every training document once and holds the few that are measured."""

    def __init__(self, params: DiversityParams) -> None:
        self._params = params
        self._held: defaultdict[str | None, list[tuple[int, str, str]]] = defaultdict(list)
        self._origins: defaultdict[tuple[str | None, str], Counter[str | None]] = defaultdict(Counter)

    def add(self, row: Row) -> None:
        """Look at a document: `id`, `channel`, `text` and where it comes from."""
        if not self._params.enabled:
            return
        draw = xxhash.xxh3_64_intdigest(f"{self._params.seed}:{row['id']}")
        for name in (row["channel"], None):
            for column in _ORIGINS:
                self._origins[name, column][row[column]] += 1
            held = self._held[name]
            entry = (-draw, row["id"], row["text"][: self._params.sample_characters])
            if len(held) < self._params.sample_documents:
                heappush(held, entry)
            elif entry > held[0]:
                heappushpop(held, entry)

    def measure(self, run: EncoderRunParams) -> DiversityReport | None:
        """Give the numbers; none when it is switched off."""
        if not self._params.enabled:
            return None
        embedder = load_embedder(self._params.embedding, run, key=KEY)
        texts = {name: [text for *_, text in sorted(held, reverse=True)] for name, held in self._held.items()}
        with threadpool_limits(1):
            found = {name: self._measure(name, listed, embedder.embed(listed)) for name, listed in texts.items()}
        return DiversityReport(
            embedding=self._params.embedding_name,
            dimensions=embedder.dimensions,
            channels={name: of for name, of in sorted(found.items(), key=str) if name is not None},
            whole=found[None],
        )

    def _measure(self, name: str | None, texts: list[str], vectors: Vectors) -> DiversityOf:
        words = [split_words(fold(text)) for text in texts]
        pairs = Counter(islice((pair for each in words for pair in pairwise(each)), self._params.sample_words))
        leader = find_leaders(vectors, [self._params.group_cosine]).leader[0]
        groups = np.unique(np.where(leader < 0, np.arange(len(texts)), leader), return_counts=True)[1]
        sources, categories, languages = (_effective(self._origins[name, column].values()) for column in _ORIGINS)
        return DiversityOf(
            documents=len(texts),
            vendi_score=_rounded(vendi_score(vectors)),
            mean_cosine=_rounded(mean_cosine(vectors)),
            largest_group=_rounded(groups.max() / len(texts)),
            words=min(sum(map(len, words)), self._params.sample_words),
            distinct_2=_rounded(len(pairs) / max(1, pairs.total())),
            pair_entropy=_rounded(entropy(pairs.values()) / np.log(2)),
            effective_sources=sources,
            effective_categories=categories,
            effective_languages=languages,
        )


def vendi_score(vectors: Vectors) -> float:
    """Give exp of the entropy of the eigenvalues of the cosines divided by their number (Friedman and Dieng 2023).

    The eigenvalues of [documents, documents] that are not 0 are those of [dimensions, dimensions].
    """
    exact = vectors.astype(np.float64)
    gram = exact.T @ exact if len(exact) > exact.shape[1] else exact @ exact.T
    return float(np.exp(entropy(np.linalg.eigvalsh(gram).clip(min=0))))


def mean_cosine(vectors: Vectors) -> float:
    """Give the mean cosine of two different rows; 1 where there is one row."""
    number = len(vectors)
    total = vectors.sum(axis=0, dtype=np.float64)
    return float((total @ total - number) / (number * (number - 1))) if number > 1 else 1.0


def entropy(amounts: Iterable[float]) -> float:
    """Give the entropy of shares in nats; amounts need not sum to 1."""
    shares: npt.NDArray[np.float64] = np.fromiter(amounts, np.float64)
    shares = shares[shares > 0] / max(shares.sum(), 1e-300)
    return float(-(shares * np.log(shares)).sum())


def _effective(counts: Iterable[int]) -> float:
    return _rounded(np.exp(entropy(counts)))


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
