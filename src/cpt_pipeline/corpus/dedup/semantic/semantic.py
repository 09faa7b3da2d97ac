"""Semantic dedup: documents that say the same in other words, by the cosine of their vectors (SemDeDup, 2023).

It comes after exact and near copies: their survivors are embedded, divided into clusters, and compared inside them;
of copies the same one survives as of all others. Documents that leak a benchmark item take no part, nor do those of
an earlier round, whose texts are not there. Held-out documents are compared with all others at the end, so that none
has a copy in training that was hidden in another cluster.

In memory: about 80 bytes a document, and the vectors of one cluster (50 MB with hashed words) or of the sample.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from cpt_pipeline.core.artifact import unfinished
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.semantic.centroids import Clusters
from cpt_pipeline.corpus.dedup.semantic.leaders import find_leaders
from cpt_pipeline.corpus.dedup.semantic.params import SemanticParams, SemanticPoint, SemanticReport
from cpt_pipeline.corpus.dedup.semantic.vectors import KEY, VECTORS, EmbedDocuments, VectorFiles
from cpt_pipeline.corpus.dedup.statistics import diversity
from cpt_pipeline.corpus.dedup.survey import Survey
from cpt_pipeline.corpus.dedup.verdicts import HELDOUT, KEPT, NEAR_HELDOUT, SEMANTIC, Verdicts, count_clusters
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.steps import Plan, ReadDocuments
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.models.embeddings.embed import identify
from cpt_pipeline.corpus.models.embeddings.params import EncoderRunParams

_Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SemanticCopies:
    """Which documents are copies by meaning of which, before any is held out."""

    survivors: _Numbers
    """Per document of the corpus: the one it is a copy of, or itself."""
    compared: _Numbers
    """Numbers of the documents that have a vector, in the order of `vectors`."""
    vectors: VectorFiles
    threshold: float
    report: SemanticReport

    def settle(self, found: Verdicts) -> tuple[Verdicts, SemanticReport]:
        """Exclude copies of held-out documents that no cluster showed, and give every copy the cosine it has."""
        survivors, kinds = found.survivors.copy(), found.kinds.copy()
        with threadpool_limits(1):
            copies, heldout = self._copies_of_heldout(found)
        survivors[copies], kinds[copies] = heldout, SEMANTIC
        survivors = survivors[survivors]  # copies of a document that goes now are copies of the held-out one
        followers = np.isin(found.survivors, copies) & (kinds != SEMANTIC)
        kinds[followers] = NEAR_HELDOUT
        semantic = np.flatnonzero(kinds == SEMANTIC)
        cosines = np.ones(kinds.size, np.float32)
        cosines[semantic] = self._cosines(semantic, survivors[semantic])
        report = self.report.model_copy(
            update={"excluded": int(semantic.size), "excluded_for_heldout": int(copies.size)}
        )
        clusters, largest = count_clusters(survivors)
        changed = replace(
            found, kinds=kinds, survivors=survivors, cosines=cosines, num_clusters=clusters, largest_cluster=largest
        )
        return changed, report

    def _copies_of_heldout(self, found: Verdicts) -> tuple[_Numbers, _Numbers]:
        """Give training documents that are copies of a held-out one, and the most similar one of each."""
        heldout = self.compared[found.kinds[self.compared] == HELDOUT]
        against = self._take(heldout)
        copies, copied, start = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
        for chunk in self.vectors.chunks() if heldout.size else ():
            numbers = self.compared[start : start + len(chunk)]
            start += len(chunk)
            cosines = chunk @ against.T
            hits = np.flatnonzero((cosines.max(axis=1) >= self.threshold) & (found.kinds[numbers] == KEPT))
            copies.append(numbers[hits])
            copied.append(heldout[cosines[hits].argmax(axis=1)])
        return np.concatenate(copies), np.concatenate(copied)

    def _cosines(self, first: _Numbers, second: _Numbers) -> npt.NDArray[np.float32]:
        """Give the cosines of pairs of documents, some thousand at a time."""
        found = np.empty(first.size, np.float32)
        for start in range(0, first.size, 4_096):
            some = slice(start, start + 4_096)
            found[some] = np.einsum("ij,ij->i", self._take(first[some]), self._take(second[some]))
        return found

    def _take(self, numbers: _Numbers) -> npt.NDArray[np.float32]:
        return self.vectors.take(np.searchsorted(self.compared, numbers))


def identify_models(params: DedupParams) -> list[dict[str, Any]]:
    """Give what the vectors depend on, as JSON, of what is switched on; a missing encoder is named before the work."""
    used = [(params.semantic.enabled, params.semantic.embedding, KEY)]
    used.append((params.diversity.enabled, params.diversity.embedding, diversity.KEY))
    return [identify(embedding, key=key) for enabled, embedding, key in used if enabled]


def find_semantic_copies(
    clean_documents: Path,
    surveyed: Tasks,
    survey: Survey,
    free: npt.NDArray[np.bool_],
    plan: list[Plan],
    settings: dict[str, Any],
    run: tuple[EngineParams, EncoderRunParams],
) -> SemanticCopies:
    """Embed the `free` documents in a pass over the tasks, and find copies among them."""
    params = SemanticParams.model_validate(settings["dedup"]["semantic"])
    tasks = Tasks(surveyed.folder.parent, "vectors", plan, settings)
    step = EmbedDocuments(tasks, _write_mask(tasks.folder / "chosen.npy", free), params.embedding, run[1])
    tasks.run([ReadDocuments(clean_documents, tasks), step], run[0])
    return compare(VectorFiles(tasks.files(VECTORS)), np.flatnonzero(free), survey, params)


def _write_mask(path: Path, mask: npt.NDArray[np.bool_]) -> Path:
    partial = unfinished(path)
    with partial.open("wb") as stream:
        np.save(stream, mask, allow_pickle=False)
    os.replace(partial, path)
    return path


def compare(vectors: VectorFiles, compared: _Numbers, survey: Survey, params: SemanticParams) -> SemanticCopies:
    """Find the leaders of every cluster at every threshold; those of the threshold in force are the survivors."""
    thresholds = sorted({*params.curve_cosines, params.threshold})
    in_force = thresholds.index(params.threshold)
    leader = np.tile(np.arange(compared.size, dtype=np.int32), (len(thresholds), 1))
    num_pairs = num_compared = 0
    with threadpool_limits(1):
        clusters = Clusters(vectors, _order(survey.quality[compared]), survey.draw[compared], params)
        for rows in clusters.parts():
            found = find_leaders(vectors.take(rows), thresholds)
            leader[:, rows] = rows[np.where(found.leader < 0, np.arange(rows.size), found.leader)]
            num_pairs += int(found.pairs[in_force])
            num_compared += found.num_compared
    survivors = np.arange(survey.num_documents)
    survivors[compared] = compared[leader[in_force]]
    report = SemanticReport(
        embedding=params.embedding_name,
        min_cosine=params.threshold,
        vectors=compared.size,
        clusters=clusters.num_clusters,
        largest_cluster=clusters.largest,
        divided_clusters=clusters.num_divided,
        compared_pairs=num_compared,
        pairs=num_pairs,
        excluded=0,
        excluded_for_heldout=0,
        curve=_curve(thresholds, leader, survey.characters[compared]),
    )
    return SemanticCopies(survivors, compared, vectors, params.threshold, report)


def _order(quality: npt.NDArray[np.float32]) -> _Numbers:
    """Give each document's place in the order of survival: the best grade first, of equals the earliest."""
    places = np.empty(quality.size, np.int64)
    places[np.argsort(-quality, kind="stable")] = np.arange(quality.size)
    return places


def _curve(
    thresholds: list[float], leader: npt.NDArray[np.int32], characters: npt.NDArray[np.int64]
) -> tuple[SemanticPoint, ...]:
    kept = [row == np.arange(row.size) for row in leader]
    return tuple(
        SemanticPoint(min_cosine=threshold, documents=int(leads.sum()), characters=int(characters[leads].sum()))
        for threshold, leads in zip(thresholds, kept, strict=True)
    )
