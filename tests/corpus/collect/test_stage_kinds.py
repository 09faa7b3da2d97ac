"""What the stage makes of folders as people have them: code, office files, archives, litter, links that lead away."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cpt_pipeline.formats.documents import read_documents
from tests.corpus.collect.files.test_archives import pack_tar, pack_zip
from tests.corpus.collect.test_sources import write as write_file
from tests.corpus.collect.test_stage_formats import SENTENCE, collect, excluded, kept, write
from tests.extraction.code.test_files import MIT
from tests.extraction.office.test_docx import document as word_file
from tests.extraction.office.test_docx import paragraph, run, with_numbers
from tests.extraction.office.test_epub import book, page
from tests.extraction.office.test_odt import odt
from tests.extraction.office.test_office import sheets, slides


@pytest.mark.feature(172)
def test_files_of_every_kind_become_documents_and_the_rest_is_named_before_any_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cells = [{"cell_type": "markdown", "source": "# Notes"}, {"cell_type": "code", "source": "x = 1"}]
    own = write(
        tmp_path / "own",
        {
            "a.ipynb": json.dumps({"cells": cells}),
            "b.tex": "\\begin{document}\nWe see $x^2$. % why\n\\end{document}",
            "c.rst": "Title\n=====\n\nText.",
            "d.nxml": "<article><body><p>In <italic>vivo</italic>.</p></body></article>",
            "e.odt": odt("<text:p>Written.</text:p>"),
            "f.rtf": rb"{\rtf1\ansi Rich.}",
            "g.pptx": slides(),
            "h.xlsx": sheets(),
            "i.srt": "1\n00:00:01,000 --> 00:00:02,000\nSpoken.\n",
            "j.zip": pack_zip({"in/a.txt": SENTENCE.encode(), "in/b.docx": word_file(paragraph(run("Packed.")))}),
            "k.tar.gz": gzip.compress(pack_tar({"l.txt": b"In a tar."})),
            "m.doc": b"\xd0\xcf\x11\xe0",
        },
    )
    write_file(tmp_path / "code/one/LICENSE", MIT)
    write_file(tmp_path / "code/one/main.rs", "fn main() {}\n")
    write_file(tmp_path / "code/two.py", "x = 1\n")
    write_file(tmp_path / "code/vendor/z.c", "int z;\n")
    with caplog.at_level("INFO", logger="cpt_pipeline"):
        report = collect(
            tmp_path,
            {"name": "own", "path": own},
            {"name": "code", "path": tmp_path / "code", "license": "Apache-2.0"},
        )
    found = kept(tmp_path)
    assert {
        name: found[f"own/{name}"] for name in ("b.tex", "d.nxml", "e.odt", "f.rtf", "i.srt", "k.tar.gz/l.txt")
    } == {
        "b.tex": "We see $x^2$.",
        "d.nxml": "In vivo.",
        "e.odt": "Written.",
        "f.rtf": "Rich.",
        "i.srt": "Spoken.",
        "k.tar.gz/l.txt": "In a tar.",
    }
    assert found["own/a.ipynb"] == "# Notes\n\n```python\nx = 1\n```"
    assert found["own/j.zip/in/b.docx"] == "Packed."
    assert found["own/g.pptx"].startswith("The mitral valve")
    assert "| mitral | 4 |" in found["own/h.xlsx#1"]
    assert excluded(tmp_path) == {
        "own/m.doc": "unsupported_format",
        "code/one/LICENSE": "license_file",
        "code/vendor/z.c": "vendored",
    }
    rows = {row["id"]: row for row in read_documents(tmp_path / "raw_documents") if row["source"] == "code"}
    assert {name: (row["category"], row["license"]) for name, row in rows.items()} == {
        "code/one/main.rs": ("code", "MIT"),
        "code/two.py": ("code", "Apache-2.0"),
    }
    assert json.loads(rows["code/one/main.rs"]["metadata"])["programming_language"] == "Rust"
    assert report.formats["code"]["records"] == 2
    told = [record.message for record in caplog.records]
    assert told[0].startswith(
        "collect: source own: among its 12 files no reader is for 1 of suffix .doc: save it as .docx"
    )


@pytest.mark.feature(173)
def test_structure_inside_paragraphs_is_kept_in_every_format(tmp_path: Path) -> None:
    raised = '<w:vertAlign w:val="superscript"/>'
    one = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    word = (
        f"<w:p>{one}{run('open')}</w:p>" + paragraph(run("10"), run("-5", raised)) + f"<w:p>{one}{run('close')}</w:p>"
    )
    chapter = "<pre>if x:\n    y()</pre><ol><li>a</li></ol><p>H<sub>2</sub>O <ruby>学<rt>まな</rt></ruby>ぶ</p>"
    own = write(
        tmp_path / "own",
        {
            "a.docx": with_numbers(word),
            "b.epub": book({"c.xhtml": page(chapter)}),
            "d.nxml": "<article><body><p>At 10<sup>−9</sup> M, <italic>in vivo</italic>.</p></body></article>",
            "e.tei": "<TEI><text><body><p>The <hi>Iliad</hi> of <persName>Homer</persName>.</p></body></text></TEI>",
            "f.md": "---\ntitle: F\n---\n<!-- gone -->\nText.\n",
        },
    )
    collect(tmp_path, {"name": "own", "path": own})
    assert kept(tmp_path) == {
        "own/a.docx": "1. open\n\n10^-5\n\n2. close",
        "own/b.epub#1": "if x:\n    y()\n\n1. a\n\nH_2O 学ぶ",
        "own/d.nxml": "At 10^−9 M, in vivo.",
        "own/e.tei": "The Iliad of Homer.",
        "own/f.md": "Text.",
    }


@pytest.mark.feature(179)
def test_litter_and_links_that_lead_out_stop_nothing_and_are_counted_by_kind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    companion = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        "
    folder = write(
        tmp_path / "own",
        {
            "a.txt": SENTENCE,
            "~$minutes.docx": b"\x04user",
            "._a.txt": companion,
            "._notes.txt": "a name that only looks like it",
            "a.txt~": "old",
            "a.txt.swp": b"b0VIM",
            "Thumbs.db": b"\xd0\xcf",
        },
    )
    write(folder / ".git", {"config": "[core]", "note.txt": "not text of ours"})
    (folder / "environment.txt").symlink_to("/proc/self/environ")
    with caplog.at_level("INFO", logger="cpt_pipeline"):
        report = collect(tmp_path, {"name": "own", "path": folder})
    assert set(kept(tmp_path)) == {"own/a.txt", "own/._notes.txt"}
    assert report.sources["own"].excluded == {
        "link_outside": 1,
        "litter_backup": 2,
        "litter_companion": 1,
        "litter_lock_file": 1,
        "litter_system": 1,
        "litter_version_control": 1,
    }
    assert "2 documents, 7 excluded (1 link_outside, 2 litter_backup, 1 litter_companion" in caplog.text
