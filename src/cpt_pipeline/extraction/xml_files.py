"""XML and CNXML files: one document each, its paragraphs, tables and formulas by the rules of `markup`.

A file that is not well-formed is excluded as a whole; parts of XML are no documents.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree import ElementTree

from cpt_pipeline.extraction.encoding.recode import Utf8Stream, read_sample
from cpt_pipeline.extraction.markup.markup import ParagraphCollector, TooMuchTextError
from cpt_pipeline.extraction.reading import CHUNK_BYTES, Reading, ReadingParams, Rejoined, too_large

_DECLARED = re.compile(rb"""\s{0,100}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9._-]{1,40})["']""")


def read_xml(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read xml and cnxml in the encoding that the file declares, or in `params.encoding`."""
    sample = read_sample(stream)
    whole = Rejoined(sample, stream)
    encoding = params.encoding or _declared(sample)
    collector = ParagraphCollector(params.skip_elements, max_characters=params.max_record_bytes)
    bytes_left = params.max_record_bytes
    try:
        text = Utf8Stream(whole, encoding) if encoding else None
        parser = ElementTree.XMLParser(target=collector, encoding="utf-8" if text else None)
        while chunk := (text or whole).read(CHUNK_BYTES):
            bytes_left -= len(chunk)
            if bytes_left < 0:
                yield too_large("")
                return
            parser.feed(chunk)
        found: Any = parser.close()
    except TooMuchTextError:
        yield too_large("")
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        yield Reading("", reason="not_xml", detail=str(error)[:200])
    else:
        yield Reading("", found, fields={"encoding": encoding or "utf-8", **collector.counts})


def _declared(sample: bytes) -> str | None:
    """Give the declared encoding; None for those that the parser reads by itself, by their first bytes."""
    match = _DECLARED.match(sample)
    name = match[1].decode("ascii").lower() if match else "utf-8"
    try:
        name = codecs.lookup(name).name
    except LookupError:
        return name
    return None if name.startswith(("utf-8", "utf-16", "ascii")) else name
