"""Add to the site what is not a page under docs/: the reference, and the texts at the top of the repository.

Also lays out the table of capabilities, whose cells are too long for a table, as a section per row. MkDocs calls these
functions by name (mkdocs.yml, `hooks`).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tools.reference import build_pages  # noqa: E402

AT_THE_TOP = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md", "security.md": "SECURITY.md"}
CAPABILITIES = "capabilities.md"
FAILS = ("breaks when", "unused when")
_TABLE = re.compile(r"(.*?\n)(\| number \|[^\n]*\n)\|[-|]+\n((?:\|[^\n]*\n)+)(.*)", re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are built."""
    texts = {place: _read_top(name) for place, name in AT_THE_TOP.items()}
    for place, text in {**build_pages(), **texts}.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lay out the capabilities."""
    return lay_out_capabilities(markdown) if page.file.src_uri == CAPABILITIES else markdown


def lay_out_capabilities(markdown: str) -> str:
    """Turn the rows of the table into sections: what, how it is switched on, which test shows it, what breaks it."""
    before, head, rows, after = _TABLE.fullmatch(markdown).groups()
    sections = [_section(dict(zip(_cells(head), _cells(row), strict=True))) for row in rows.splitlines()]
    return "\n\n".join([before.strip(), *sections, after.strip()])


def _section(row: dict[str, str]) -> str:
    shown = [f"- *{name}*: {text}" for name, text in row.items() if name not in ("number", "what", *FAILS)]
    fails = [f"    - *{name}*: {row[name]}" for name in FAILS]
    title = f"### {row['number']} {{ #capability-{row['number']} }}"
    return "\n".join([title, "", row["what"], "", *shown, "", '??? note "Changes that its test sees"', "", *fails])


def _cells(row: str) -> list[str]:
    """Return the cells of a row of a table; a bar behind a backslash is no border."""
    inner = row.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _read_top(name: str) -> str:
    """Return a text of the repository's top, with its links led into the site."""
    return (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
