"""`collect:` in conf, and what the stage says about its work."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.inputs import InputAddress, InputPattern
from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.corpus.collect.admission.recency import RecencyParams
from cpt_pipeline.corpus.collect.crawl.crawl import WebParams
from cpt_pipeline.corpus.collect.files.archives import ArchiveParams
from cpt_pipeline.corpus.collect.python_environment import PythonEnvironmentParams
from cpt_pipeline.corpus.collect.remote import HubDatasetParams
from cpt_pipeline.corpus.collect.source_params import SourceParams
from cpt_pipeline.corpus.engine.sieve import Amount
from cpt_pipeline.extraction.office.docx import DocxParams
from cpt_pipeline.extraction.office.epub import EpubParams
from cpt_pipeline.extraction.office.params import OfficeParams
from cpt_pipeline.extraction.pdf.pdf import PdfParams


class _FileSourceParams(SourceParams):
    """Files of any format, wherever they lie."""

    pdf: PdfParams = PdfParams()
    epub: EpubParams = EpubParams()
    docx: DocxParams = DocxParams()
    office: OfficeParams = OfficeParams()
    archive: ArchiveParams = ArchiveParams()


class FilesParams(_FileSourceParams):
    """A source of kind `files`."""

    kind: Literal["files"]
    path: InputPattern
    """A file, a folder (every file below it) or a pattern like `books/**/*.txt`."""
    follow_links_to: tuple[Path, ...] = ()
    """Folders outside of `path` that links in it may lead to, such as a cache; other links that lead out are named."""


class ObjectStoreParams(_FileSourceParams):
    """A source of kind `object_store`."""

    kind: Literal["object_store"]
    address: InputAddress = Field(min_length=1)
    """`s3://bucket/books/**/*.jsonl.zst`; any file system that fsspec knows and whose driver is installed."""


Source = Annotated[
    PythonEnvironmentParams | FilesParams | ObjectStoreParams | WebParams | HubDatasetParams,
    Field(discriminator="kind"),
]


class ParsingParams(Params):
    """Limits of the process in which HTML, PDF, EPUB and Word files are parsed; it is killed beyond them."""

    seconds: float = Field(10.0, gt=0)
    memory_megabytes: int = Field(2048, ge=64)


class CollectParams(Params):
    """`collect:` in conf."""

    sources: tuple[Source, ...] = Field(min_length=1)
    """In this order; of alike documents of the same quality the earlier one survives."""
    max_bad_share: float = Field(0.05, ge=0, le=1)
    """A source with a larger share of broken records stops the run. What was left out on purpose does not count."""
    recency: RecencyParams = RecencyParams()
    parsing: ParsingParams = ParsingParams()

    @model_validator(mode="after")
    def _names_are_unique(self) -> CollectParams:
        twice = [name for name, count in Counter(source.name for source in self.sources).items() if count > 1]
        if twice:
            raise ValueError(f"collect.sources: more than one source is named {', '.join(twice)}; names make the ids")
        return self


class DialoguesReport(Report):
    """How many records of a source went into how many dialogues; those that were excluded are not among them."""

    unit: str
    records: int
    documents: int
    conversations: int
    """0 where each record is a turn and a document of its own."""
    turns: int
    left_out: int
    """Turns without text, or of roles that are left out, in conversations that were kept."""


class SourceReport(Report):
    """What one source gave."""

    channel: str
    records_in: int
    documents: int
    bytes: int
    excluded: dict[str, int]
    licenses: dict[str, int]
    """Licence to documents."""
    dialogues: DialoguesReport | None
    """Of a source with `dialogues`."""


class CollectReport(Report):
    """`collect_metrics`: `records_in` = `documents` + the sum of `excluded`."""

    records_in: int
    documents: int
    bytes: int
    excluded: dict[str, int]
    channels: dict[str, Amount]
    licenses: dict[str, int]
    """Licence to documents."""
    license_bytes: dict[str, int]
    """Licence to bytes of text."""
    sources: dict[str, SourceReport]
    formats: dict[str, dict[str, int]]
    """Format to its counters: `records`, `tables`, `formulas`, `images`, `bad_bytes`, ..."""
    encodings: dict[str, int]
    """Encoding of text files to records."""
    undated: int
    """Documents that `recency` is for and that have no date."""
    benchmark_items: dict[str, int]
