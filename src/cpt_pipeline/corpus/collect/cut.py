"""Cut long texts into documents of a sensible size, only where the text itself has a border."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def join_pieces(pieces: Iterable[str], max_characters: int, separator: str) -> Iterator[str]:
    """Join neighbours while they fit; a piece that is too long by itself stays whole."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        added = len(piece) + (len(separator) if held else 0)
        if held and size + added > max_characters:
            yield separator.join(held)
            held, size, added = [], 0, len(piece)
        held.append(piece)
        size += added
    if held:
        yield separator.join(held)


def cut_text(text: str, max_characters: int) -> Iterator[str]:
    """Cut between paragraphs, and inside a paragraph that is too long between lines; a longer line stays whole."""
    if len(text) <= max_characters:
        yield text
        return
    for part in join_pieces(text.split("\n\n"), max_characters, "\n\n"):
        if len(part) <= max_characters:
            yield part
        else:
            yield from join_pieces(part.split("\n"), max_characters, "\n")
