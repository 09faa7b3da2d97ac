"""Clusters: the same every time, and large ones divided without losing a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cpt_pipeline.corpus.dedup.semantic.centroids import Clusters, derive_num_clusters, find_centroids, nearest
from cpt_pipeline.corpus.dedup.semantic.params import SemanticParams
from cpt_pipeline.corpus.dedup.semantic.vectors import VectorFiles


def blobs(num_rows: int, num_blobs: int = 4) -> np.ndarray:
    """Give rows around so many directions, in turn."""
    chance = np.random.default_rng(1)
    directions = np.eye(num_blobs, 16)
    rows = directions[np.arange(num_rows) % num_blobs] + 0.05 * chance.standard_normal((num_rows, 16))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clusters(place: Path, rows: np.ndarray, **params: object) -> Clusters:
    np.save(place / "a.npy", rows)
    order = np.arange(len(rows))[::-1].copy()
    draw = np.random.default_rng(2).integers(0, 1 << 60, len(rows)).astype(np.uint64)
    return Clusters(VectorFiles([place / "a.npy"]), order, draw, SemanticParams.model_validate(params))


@pytest.mark.parametrize(
    ("documents", "expected"), [(0, 1), (4_000, 1), (10_000, 4), (1_000_000, 488), (10_000_000, 3162), (1 << 40, 4_096)]
)
def test_the_number_of_clusters_follows_from_that_of_documents(documents: int, expected: int) -> None:
    assert derive_num_clusters(documents) == expected


def test_centres_are_found_and_are_the_same_every_time() -> None:
    rows = blobs(400)
    first, again = find_centroids(rows, 4, 1), find_centroids(rows, 4, 1)
    assert first.tobytes() == again.tobytes()
    assert np.allclose(np.linalg.norm(first, axis=1), 1.0, atol=1e-6)
    labels = nearest([rows[:100], rows[100:]], first)
    assert all(len(set(labels[start::4].tolist())) == 1 for start in range(4))
    assert len(find_centroids(rows[:3], 10, 1)) == 3


def test_rows_of_a_cluster_come_in_the_order_of_survival(tmp_path: Path) -> None:
    found = clusters(tmp_path, blobs(40), num_clusters=4)
    parts = [rows.tolist() for rows in found.parts()]
    assert sorted(parts) == [list(range(36 + start, -1, -4)) for start in range(4)]
    assert (found.num_clusters, found.largest, found.num_divided) == (4, 10, 0)


def test_a_large_cluster_is_divided_by_the_distance_to_its_centre(tmp_path: Path) -> None:
    rows = blobs(50, 1)
    found = clusters(tmp_path, rows, num_clusters=1, max_cluster_documents=20)
    parts = [part.tolist() for part in found.parts()]
    assert [len(part) for part in parts] == [17, 17, 16]
    assert sorted(row for part in parts for row in part) == list(range(50))
    assert all(part == sorted(part, reverse=True) for part in parts)
    centre = rows.sum(axis=0)
    assert min(rows[parts[0]] @ centre) >= max(rows[parts[1]] @ centre)
    assert found.num_divided == 1


def test_nothing_gives_no_cluster(tmp_path: Path) -> None:
    found = clusters(tmp_path, np.empty((0, 16), np.float32))
    assert list(found.parts()) == []
    assert (found.num_clusters, found.largest) == (0, 0)
