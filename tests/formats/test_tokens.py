"""Token shards: read back by Megatron's own reader, equal after a round trip, memory-mapped."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats import tokens as tokens_module
from cpt_pipeline.formats.tokens import SPLITS, TokenWriter, channels, open_shard, open_split, read_sidecar

DOCUMENTS = [[5, 6, 7, 2], [2], [], [65_000, 0, 2]]


def write(artifact: Path, documents: list[list[int]], channel: str = "en", vocabulary_size: int = 65_499) -> Path:
    with TokenWriter(artifact / "train", channel, vocabulary_size) as writer:
        for index, ids in enumerate(documents):
            writer.write(ids, id=f"d{index}", num_bytes=10 * index)
    return artifact


@pytest.mark.parametrize(("vocabulary_size", "dtype"), [(65_499, "uint16"), (65_500, "int32"), (151_936, "int32")])
def test_megatrons_own_reader_gives_the_same_documents(tmp_path: Path, vocabulary_size: int, dtype: str) -> None:
    megatron = pytest.importorskip("megatron.core.datasets.indexed_dataset")
    documents = [*DOCUMENTS, [vocabulary_size - 1, 2]]
    write(tmp_path, documents, vocabulary_size=vocabulary_size)

    read = megatron.IndexedDataset(str(tmp_path / "train" / "en"), mmap=True)

    assert len(read) == 5
    assert [read[index].tolist() for index in range(5)] == documents
    assert read[0].dtype == np.dtype(dtype) == megatron.DType.optimal_dtype(vocabulary_size)
    assert read.document_indices.tolist() == [0, 1, 2, 3, 4, 5]
    assert read.sequence_lengths.tolist() == [4, 1, 0, 3, 2]


def test_parts_of_a_text_are_sequences_of_one_document_to_megatron(tmp_path: Path) -> None:
    megatron = pytest.importorskip("megatron.core.datasets.indexed_dataset")
    with TokenWriter(tmp_path / "train", "en", 1000) as writer:
        for is_continued in (False, True, False, False, False):
            writer.write([7, 8], id="x", num_bytes=2, is_continued=is_continued)
    read = megatron.IndexedDataset(str(tmp_path / "train" / "en"), mmap=True)
    assert read.document_indices.tolist() == [0, 2, 3, 4, 5]
    assert open_shard(tmp_path, "train", "en").texts.tolist() == [0, 2, 3, 4]


def test_what_megatrons_own_writer_wrote_is_read(tmp_path: Path) -> None:
    megatron = pytest.importorskip("megatron.core.datasets.indexed_dataset")
    import torch

    (tmp_path / "train").mkdir()
    builder = megatron.IndexedDatasetBuilder(str(tmp_path / "train" / "en.bin"), dtype=np.uint16)
    for ids in DOCUMENTS:
        builder.add_document(torch.tensor(ids, dtype=torch.int64), [len(ids)])
    builder.finalize(str(tmp_path / "train" / "en.idx"))

    shard = open_shard(tmp_path, "train", "en")

    assert [shard.document(index).tolist() for index in range(4)] == DOCUMENTS
    ours = write(tmp_path / "ours", DOCUMENTS) / "train"
    assert (ours / "en.idx").read_bytes() == (tmp_path / "train" / "en.idx").read_bytes()
    assert (ours / "en.bin").read_bytes() == (tmp_path / "train" / "en.bin").read_bytes()


def test_the_sidecar_describes_every_document(tmp_path: Path) -> None:
    with TokenWriter(tmp_path / "heldout", "en", 1000) as writer:
        writer.write([1, 2, 3], id="a", num_bytes=11, category="news", quality=0.5, use="synthesis")
        writer.write([3], id="文", num_bytes=0, synthetic="questions", part_of="book", part=3, last_part=False)

    assert read_sidecar(tmp_path, "heldout", "en").to_pylist() == [
        {
            "id": "a",
            "category": "news",
            "quality": 0.5,
            "tokens": 3,
            "bytes": 11,
            "use": "synthesis",
            "synthetic": None,
            "part_of": None,
            "part": None,
            "last_part": True,
        },
        {
            "id": "文",
            "category": None,
            "quality": None,
            "tokens": 1,
            "bytes": 0,
            "use": None,
            "synthetic": "questions",
            "part_of": "book",
            "part": 3,
            "last_part": False,
        },
    ]


def test_a_sidecar_longer_than_memory_may_hold_keeps_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "_SIDECAR_ROWS_IN_MEMORY", 3)
    write(tmp_path, [[index, 2] for index in range(10)])
    assert read_sidecar(tmp_path, "train", "en")["id"].to_pylist() == [f"d{index}" for index in range(10)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 65_498), max_size=12), max_size=12),
    st.sampled_from([65_499, 200_000]),
)
def test_round_trip(documents: list[list[int]], vocabulary_size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shard = open_shard(write(Path(folder), documents, vocabulary_size=vocabulary_size), "train", "en")
        assert [shard.document(index).tolist() for index in range(shard.num_documents)] == documents
        assert shard.tokens.tolist() == [token for ids in documents for token in ids]
        assert shard.num_tokens == sum(map(len, documents))
        assert shard.lengths.tolist() == [len(ids) for ids in documents]


def test_shards_are_memory_maps_that_cannot_be_written(tmp_path: Path) -> None:
    shard = open_shard(write(tmp_path, DOCUMENTS), "train", "en")
    assert isinstance(shard.tokens, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        shard.document(0)[0] = 1


def test_a_token_id_that_does_not_fit_is_a_fault_of_ours(tmp_path: Path) -> None:
    writer = TokenWriter(tmp_path, "en", 1000)
    for ids in ([70_000], np.asarray([70_000]), [-1]):
        with pytest.raises(AssertionError, match="document a has a token id that is no uint16"):
            writer.write(ids, id="a", num_bytes=1)


def test_an_error_leaves_no_index(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), TokenWriter(tmp_path / "train", "en", 1000) as writer:
        writer.write([1, 2], id="a", num_bytes=1)
        raise RuntimeError
    seal(tmp_path, "tokens")
    assert channels(tmp_path, "train") == ()


def test_channels_and_splits(tmp_path: Path) -> None:
    write(tmp_path, [[1, 2]], "zh")
    write(tmp_path, [[3]], "en")
    with pytest.raises(ArtifactError, match=r"no manifest\.json"):
        channels(tmp_path, "train")
    seal(tmp_path, "tokens")
    assert SPLITS == ("train", "heldout")
    assert channels(tmp_path, "train") == ("en", "zh")
    assert channels(tmp_path, "heldout") == ()
    assert [(shard.channel, shard.num_tokens) for shard in open_split(tmp_path, "train")] == [("en", 1), ("zh", 2)]


def test_equal_documents_give_equal_bytes(tmp_path: Path) -> None:
    first, second = (seal(write(tmp_path / name, DOCUMENTS), "tokens") for name in ("a", "b"))
    assert first == second
    assert sorted(first["files"]) == ["train/en.bin", "train/en.idx", "train/en.parquet"]


def test_a_file_of_another_format_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, DOCUMENTS)
    (tmp_path / "train" / "en.idx").write_bytes(b"TNTIDX\x00\x00" + bytes(64))
    with pytest.raises(ArtifactError, match="is no Megatron index; give a folder of token shards"):
        open_shard(tmp_path, "train", "en")


def test_what_is_no_shard_is_named(tmp_path: Path) -> None:
    write(tmp_path, [[1, 2]])
    index = tmp_path / "train" / "en.idx"
    raw = index.read_bytes()
    (tmp_path / "train" / "en.bin").unlink()
    for content, message in (
        (raw, r"en\.bin is missing"),
        (raw[:17] + b"\x07" + raw[18:], "says type 7"),
        (b"", "no Mega"),
    ):
        index.write_bytes(content)
        with pytest.raises(ArtifactError, match=message):
            open_shard(tmp_path, "train", "en")
