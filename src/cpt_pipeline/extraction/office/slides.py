"""The text of slides: paragraphs of frames with scripts, symbols and formulas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cpt_pipeline.extraction.markup import omml
from cpt_pipeline.extraction.markup.markup import ParagraphCollector
from cpt_pipeline.extraction.markup.symbols import with_symbols


def frame_text(frame: Any) -> str:
    """Return the paragraphs of a text frame of python-pptx, blank lines between them."""
    return "\n\n".join(filter(None, map(paragraph_text, frame.paragraphs)))


def paragraph_text(paragraph: Any) -> str:
    """Return the text of a paragraph of python-pptx, blank lines in the place of its breaks."""
    collector = ParagraphCollector(())
    collector.start("p", {})
    script = ""
    for piece in _pieces(paragraph._p):
        script = _tell(piece, script, collector)
    if script:
        collector.end(script)
    collector.end("p")
    return collector.close()


def _pieces(paragraph: Any) -> Iterator[Any]:
    """Yield runs, breaks, fields and formulas, of which old programs get a picture beside them."""
    for child in paragraph.iterchildren("{*}*"):
        if _local(child) == "AlternateContent":
            yield from (piece for choice in child.iterchildren("{*}Choice") for piece in choice.iterchildren("{*}*"))
        else:
            yield child


def _tell(piece: Any, open_script: str, collector: ParagraphCollector) -> str:
    """Tell a piece; return the script that is open behind it, for runs that follow one another share one."""
    name = _local(piece)
    properties = piece.find("{*}rPr") if name in ("r", "fld") else None
    baseline = properties.get("baseline", "0").rstrip("%") if properties is not None else "0"
    script = "" if not baseline.lstrip("-").isdigit() or not int(baseline) else "sub" if baseline[0] == "-" else "sup"
    if script != open_script:
        if open_script:
            collector.end(open_script)
        if script:
            collector.start(script, {})
    if name in ("r", "fld"):
        collector.data(with_symbols(_font(properties), piece.findtext("{*}t") or ""))
    elif name == "br":
        collector.end("p")
        collector.start("p", {})
    elif name == "m":
        for formula in piece.iter("{*}oMath"):
            omml.tell(formula, collector, is_block=False)
    return script


def _font(properties: Any) -> str:
    fonts = [] if properties is None else [properties.find(f"{{*}}{name}") for name in ("sym", "latin")]
    return next((font.get("typeface", "") for font in fonts if font is not None), "")


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
