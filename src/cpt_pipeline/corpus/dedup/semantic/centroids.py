"""Clusters of vectors by k-means, so that only documents of one cluster are compared.

The centres are found on a sample, and sums are made by one thread: those of several depend on which ends first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from cpt_pipeline.corpus.dedup.semantic.params import SemanticParams
from cpt_pipeline.corpus.dedup.semantic.vectors import VectorFiles
from cpt_pipeline.corpus.models.embeddings.hashed import Vectors

_Numbers = npt.NDArray[np.int64]

_SMALLEST, _MOST = 2_048, 4_096
"""Documents of a derived cluster on average, and derived clusters."""


class Clusters:
    """The rows of `vectors` in clusters that are small enough to be compared.

    `survival` is each row's place among those that stay, the best first; the sample are the rows of the smallest
    `draw`.
    """

    def __init__(
        self, vectors: VectorFiles, survival: _Numbers, draw: npt.NDArray[np.uint64], params: SemanticParams
    ) -> None:
        self._vectors, self._survival, self._most = vectors, survival, params.max_cluster_documents
        sample = np.sort(np.argsort(draw, kind="stable")[: params.sample_documents])
        wanted = params.num_clusters or derive_num_clusters(len(vectors))
        self._centroids = find_centroids(vectors.take(sample), wanted, params.seed)
        self._labels = nearest(vectors.chunks(), self._centroids)
        self._sizes = np.bincount(self._labels, minlength=len(self._centroids))
        self.num_clusters = int(np.count_nonzero(self._sizes))
        self.largest = int(self._sizes.max(initial=0))
        self.num_divided = int(np.count_nonzero(self._sizes > self._most))

    def parts(self) -> Iterator[_Numbers]:
        """Give the rows of each cluster, or of each part of a large one, in the order in which they survive."""
        order = np.lexsort((self._survival, self._labels))
        ends = np.cumsum(self._sizes)
        for cluster, (start, end) in enumerate(zip(ends - self._sizes, ends, strict=True)):
            if end - start > self._most:
                yield from self._divide(order[start:end], self._centroids[cluster])
            elif end > start:
                yield order[start:end]

    def _divide(self, rows: _Numbers, centroid: npt.NDArray[np.float32]) -> Iterator[_Numbers]:
        """Cut a cluster into shells around its centre: what is alike is as far from it, but not the reverse."""
        some = [self._vectors.take(rows[start : start + 4_096]) @ centroid for start in range(0, rows.size, 4_096)]
        by_distance = rows[np.argsort(-np.concatenate(some), kind="stable")]
        for part in np.array_split(by_distance, -(-rows.size // self._most)):
            yield part[np.argsort(self._survival[part])]


def derive_num_clusters(num_documents: int) -> int:
    """Give the square root of the documents, less where clusters would be small: comparing 2,048 is cheap."""
    return max(1, min(math.isqrt(num_documents), num_documents // _SMALLEST, _MOST))


def find_centroids(sample: Vectors, num_clusters: int, seed: int) -> Vectors:
    """Give at most `num_clusters` centres of length 1 (k-means over mini-batches, Sculley 2010)."""
    num_clusters = min(num_clusters, len(sample))
    if num_clusters <= 1:
        return _unit(sample.sum(axis=0, keepdims=True, dtype=np.float64))
    from sklearn.cluster import MiniBatchKMeans

    with threadpool_limits(1):
        found = MiniBatchKMeans(
            num_clusters, n_init=1, batch_size=4_096, max_iter=20, reassignment_ratio=0.0, random_state=seed
        ).fit(sample)
    return _unit(found.cluster_centers_)


def nearest(chunks: Iterable[Vectors], centroids: Vectors) -> npt.NDArray[np.int32]:
    """Give for each vector the centre with the largest cosine, of equals the first."""
    found = [np.empty(0, np.int32), *((chunk @ centroids.T).argmax(axis=1).astype(np.int32) for chunk in chunks)]
    return np.concatenate(found)


def _unit(rows: npt.NDArray[np.floating]) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths, lengths, 1.0)).astype(np.float32)
