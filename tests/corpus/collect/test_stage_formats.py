"""What the stage reads of each format: records of published data, own PDF, HTML, old encodings, tables and formulas."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.corpus.clean.rules.params import FAMILIES
from cpt_pipeline.corpus.collect.params import CollectParams, CollectReport
from cpt_pipeline.formats.benchmarks import SuiteParams
from cpt_pipeline.formats.documents import read_documents
from tests.corpus.collect.pdf_bytes import write_bomb, write_pdf
from tests.corpus.stages import clean_documents, collect_documents
from tests.corpus.texts import make_text
from tests.extraction.office.test_docx import document as word_file
from tests.extraction.office.test_docx import formula, mr, paragraph
from tests.extraction.office.test_docx import run as word_run
from tests.extraction.office.test_epub import book, page
from tests.extraction.test_compressed import pack_zstd
from tests.extraction.test_warc import record

SENTENCE = "The committee met on Tuesday and agreed on the plan for the next three years of the project."


def collect(place: Path, *sources: dict[str, Any], **more: Any) -> CollectReport:
    given = {"kind": "files", "channel": "domain", "license": "MIT"}
    params = CollectParams.model_validate({"sources": [{**given, **source} for source in sources], **more})
    return collect_documents(place, params, ChannelsParams(roles={"domain": "domain"}), SuiteParams())


def write(folder: Path, files: dict[str, bytes | str]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def kept(place: Path) -> dict[str, str]:
    return {row["id"]: row["text"] for row in read_documents(place / "raw_documents")}


def excluded(place: Path) -> dict[str, str]:
    return {row["id"]: row["reason"] for row in read_documents(place / "collect_excluded")}


@pytest.mark.feature(9)
def test_public_data_is_read_as_it_is_published(tmp_path: Path) -> None:
    members = [gzip.compress(record(number)) for number in range(1, 5)]
    broken = bytearray(members[1])
    broken[60] ^= 0xFF
    crawled = (
        b"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://example.org/\r\nContent-Type: text/plain\r\n"
    )
    wet = crawled + b"Content-Length: 21\r\n\r\nplain text of a crawl\r\n\r\n"
    pdf = record(2, write_pdf([SENTENCE]), headers="Content-Type: application/pdf")
    packed = members[0] + bytes(broken) + members[2] + members[3]
    archives = {"a.warc.gz": packed, "b.warc": record(5) + pdf, "c.wet": wet, "d.warc.zst": pack_zstd(record(6))}
    web = write(tmp_path / "web", archives)
    nested = {"data": [{"paragraphs": [{"meta": {"body": "one"}}, {"meta": {"body": "two"}}]}]}
    asked = [{"q": "Why?", "hint": "", "a": "So."}, {"q": "Who?", "hint": "a king", "a": "He."}]
    lines = "\n".join(map(json.dumps, asked)).encode()
    table = 'name,body,day\nx,"a, b",2024-05-01\n'
    write(tmp_path / "nested", {"a.json": json.dumps(nested), "b.json.gz": gzip.compress(json.dumps(nested).encode())})
    write(tmp_path / "asked", {"a.jsonl.zst": pack_zstd(lines)})
    write(tmp_path / "tables", {"a.csv": table, "b.tsv": table.replace(",", "\t").replace("\t b", ", b")})
    pq.write_table(pa.table({"body": ["of a column"], "day": ["2023"]}), tmp_path / "tables/c.parquet")
    columns = {"text_field": "body", "columns": {"published": "day"}}
    report = collect(
        tmp_path,
        {"name": "web", "path": web},
        {"name": "nested", "path": tmp_path / "nested", "records": "data.paragraphs", "text_field": "meta.body"},
        {"name": "asked", "path": tmp_path / "asked", "template": "{q}\n{hint?}\n{a}"},
        {"name": "tables", "path": tmp_path / "tables", **columns},
        max_bad_share=0.5,
    )
    assert kept(tmp_path) == {
        **{f"web/a.warc.gz#{number}": f"Page {number}. {SENTENCE}" for number in (1, 3, 4)},
        "web/b.warc#1": f"Page 5. {SENTENCE}",
        "web/b.warc#2": SENTENCE,
        "web/c.wet#1": "plain text of a crawl",
        "web/d.warc.zst#1": f"Page 6. {SENTENCE}",
        "nested/a.json#1/1": "one",
        "nested/a.json#1/2": "two",
        "nested/b.json.gz#1/1": "one",
        "nested/b.json.gz#1/2": "two",
        "asked/a.jsonl.zst#1": "Why?\nSo.",
        "asked/a.jsonl.zst#2": "Who?\na king\nHe.",
        "tables/a.csv#2": "a, b",
        "tables/b.tsv#2": "a, b",
        "tables/c.parquet#1": "of a column",
    }
    assert excluded(tmp_path) == {"web/a.warc.gz#2": "corrupt_record"}
    dates = [row["published"] for row in read_documents(tmp_path / "raw_documents") if row["source"] == "tables"]
    assert (dates, report.records_in) == (["2024-05-01", "2024-05-01", "2023"], 17)


@pytest.mark.feature(10)
def test_a_pdf_loses_its_heads_and_hard_lines_and_one_that_costs_too_much_costs_itself(tmp_path: Path) -> None:
    english = (
        "The heart is a muscular organ which pumps blood through the blood ves-\n"
        "sels of the circulatory system. The pumped blood carries oxygen to the\n"
        "body, while carrying waste such as carbon dioxide to the lungs.\n"
    )
    chinese = "中医学是研究人体生理病理以及疾病的诊断和防治的一门学科，\n它有独特的理论体系和丰富的养生和诊疗手段。\n"
    bodies = [
        f"{one.capitalize()} things come {one} here, as they do in every such book.\nThey are {two}, and that is "
        f"all that is to be said of them.\n{english}There is {two} to add.\nAnd so it ends {one}.\n"
        for one, two in (("first", "many"), ("second", "few"), ("third", "none"), ("fourth", "more"))
    ]
    pages = [f"On Hearts, chapter {number}\n{body}- {number} -\n" for number, body in enumerate(bodies, 1)]
    folder = write(
        tmp_path / "own",
        {
            "a.pdf": write_pdf(pages, title="On Hearts"),
            "b.pdf": write_pdf([chinese]),
            "c.pdf": write_bomb(200 << 20),
            "d.pdf": write_pdf([english] * 5),
            "e.txt": "Plain text of our own.",
        },
    )
    source = {"name": "own", "path": folder, "pdf": {"max_pages": 4}}
    report = collect(tmp_path, source, parsing={"seconds": 20, "memory_megabytes": 300}, max_bad_share=0.5)
    texts = kept(tmp_path)
    assert " ".join(texts.pop("own/a.pdf").split()) == " ".join("".join(bodies).replace("-\n", "").split())
    assert texts == {"own/b.pdf": chinese.replace("\n", ""), "own/e.txt": "Plain text of our own."}
    reasons = excluded(tmp_path)
    assert (reasons.pop("own/c.pdf") in ("parser_crash", "parser_memory"), reasons) == (
        True,
        {"own/d.pdf": "too_large"},
    )
    assert report.formats["pdf"]["records"] == 2


@pytest.mark.feature(15)
def test_a_page_gives_its_article_with_tables_code_and_formulas_and_nothing_around_it(tmp_path: Path) -> None:
    code = "def f(x):\n    return x &lt; 1"
    html = f"""<html lang="en"><head><title>A plan</title></head><body><nav><a href="/">Home</a></nav>
    <div class="cookie-consent">We use cookies.</div><main><h1>A plan</h1><p>{SENTENCE}</p>
    <table><tr><th>Fruit</th><th>Price</th></tr><tr><td>Pear</td><td>1</td></tr></table><pre><code>{code}</code></pre>
    <p>So <math><mfrac><mi>a</mi><mi>b</mi></mfrac></math> holds.</p><p>Share this article</p></main>
    <div class="related-posts"><p>{SENTENCE.upper()}</p></div><footer>Imprint</footer></body></html>"""
    paragraph_zh = "模型通过继续预训练吸收领域知识，并在一般能力上保持不变，这是本文要说明的主要问题。"
    chinese = f"""<html lang="zh"><head><meta charset="gb2312"></head><body><div class="nav"><a href="/">首页</a></div>
    <div class="content"><h1>继续预训练</h1><p>{paragraph_zh}</p><p>责任编辑：张三</p></div></body></html>"""
    inline = (
        """<ol><li>他<b>不</b>去 <i>x</i><i>≤</i>10<sup>-5</sup></li><li><ruby>漢<rt>かん</rt></ruby>字</li></ol>"""
    )
    lone = f"<html><body><main><h1>雨</h1><p>{paragraph_zh}</p>{inline}<p>{paragraph_zh}</p></main></body></html>"
    pages = {"a.html": html, "b.htm": chinese.encode("gb2312"), "c.html": "<nav>Home</nav>", "d.html": lone}
    folder = write(tmp_path / "web", pages)
    collect(tmp_path, {"name": "web", "path": folder}, max_bad_share=0.5)
    assert kept(tmp_path) == {
        "web/a.html": f"A plan\n\n{SENTENCE}\n\n| Fruit | Price |\n|---|---|\n| Pear | 1 |\n\n"
        "def f(x):\n    return x < 1\n\nSo $\\frac{a}{b}$ holds.",
        "web/b.htm": f"继续预训练\n\n{paragraph_zh}",
        "web/d.html": f"雨\n\n{paragraph_zh}\n\n1. 他不去 x≤10^-5\n2. 漢字\n\n{paragraph_zh}",
    }
    assert excluded(tmp_path) == {"web/c.html": "no_content"}


@pytest.mark.feature(23)
def test_encodings_are_found_bad_bytes_counted_and_text_repaired_by_counted_steps(tmp_path: Path) -> None:
    russian = "Съешь же ещё этих мягких французских булок, да выпей чаю."
    simplified, traditional = "今天天气很好，我们去公园散步吧。", "今天天氣很好，我們去公園散步吧。"
    texts = {
        "gb18030": simplified,
        "big5": traditional,
        "shift_jis": "今日は良い天気ですね。明日は雨が降るそうです。",
        "koi8-r": russian,
        "cp1251": russian,
        "utf-16-le": simplified,
    }
    files: dict[str, bytes | str] = {f"{name}.txt": text.encode(name) for name, text in texts.items()}
    files |= {"y.txt": ("床前明月光，疑是地上霜。\n" * 40).encode() + b"\xe4\xb8"}
    latin = "Das Wetter ist heute schön.".encode("cp1252")
    forced = write(tmp_path / "forced", {"a.txt": latin, "b.txt": SENTENCE, "z.txt": b"abc\x98" * 9})
    found = {"name": "found", "path": write(tmp_path / "found", files)}
    given = {"name": "given", "path": forced, "encoding": "cp1251"}
    report = collect(tmp_path, found, given, max_bad_share=1)
    read = kept(tmp_path)
    assert {name: read.get(f"found/{name}.txt") for name in texts} == texts
    assert read["given/a.txt"] == latin.decode("cp1251")
    assert excluded(tmp_path) == {"given/z.txt": "undecodable"}
    assert report.formats["txt"] == {"records": 9, "bad_bytes": 2}
    assert report.encodings["gb18030"] == 1

    broken = "â€œMy nameâ€\x9d, he said."
    lines = [f"{broken} {make_text(1)}\r\n", f"{traditional * 9}２０２４年"]
    (tmp_path / "own.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in lines), encoding="utf-8")
    collect(tmp_path / "two", {"name": "own", "path": tmp_path / "own.jsonl"})
    steps = {"zh_variant": "t2s", "punctuation_width": "half"}
    off = {family: {"enabled": False} for family in FAMILIES}
    params = CleanParams.model_validate({"normalise": steps, "rules": off})
    cleaned = clean_documents(tmp_path / "two/raw_documents", tmp_path / "once", params)
    rows = list(read_documents(tmp_path / "once/clean_documents"))
    halved = simplified.replace("，", ",")
    assert [row["text"] for row in rows] == [f"“My name”, he said. {make_text(1)}", f"{halved * 9}2024年"]
    made_up = {"language/und (jv)": 1}
    assert cleaned.counts == {
        **made_up,
        "normalise/encoding_repair": 1,
        "normalise/line_ends": 1,
        "normalise/trailing_blanks": 1,
        "normalise/half_width_letters": 1,
        "normalise/punctuation_width": 1,
        "normalise/zh_variant": 1,
    }
    again = clean_documents(tmp_path / "once/clean_documents", tmp_path / "twice", params)
    assert (again.counts, list(read_documents(tmp_path / "twice/clean_documents"))) == (made_up, rows)


@pytest.mark.feature(134)
def test_tables_formulas_and_images_are_kept_by_rule_and_counted_in_every_format(tmp_path: Path) -> None:
    rows = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
    ratio = "<math xmlns='http://www.w3.org/1998/Math/MathML'><mfrac><mn>1</mn><mi>x</mi></mfrac></math>"
    body = f"<p>See <img src='x.png' alt='no'/> and {ratio}.</p>{rows}"
    half = formula(f"<m:f><m:num>{mr('1')}</m:num><m:den>{mr('x')}</m:den></m:f>")
    cells = [[paragraph(word_run(text)) for text in row] for row in ("ab", "12")]
    table = "".join(f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in row)}</w:tr>" for row in cells)
    see = paragraph(word_run("See"), "<w:r><w:drawing/></w:r>")
    numbers = "\n".join(f"{number} {number * 2} {number * 3}" for number in range(1, 5))
    layer = f"{SENTENCE}\n{SENTENCE}\nE = m c + 1\n{SENTENCE}\n{numbers}\n{SENTENCE}\n"
    folder = write(
        tmp_path / "own",
        {
            "a.html": f"<html><body><p>{SENTENCE}</p>{body}<p>{SENTENCE}</p></body></html>",
            "b.xml": f"<d>{body}</d>",
            "c.epub": book({"a.xhtml": page(body)}),
            "d.docx": word_file(f"{see}{half}<w:tbl>{table}</w:tbl>"),
            "e.md": "See ![no](x.png) and $\\frac{1}{x}$.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
            "f.pdf": write_pdf([layer], num_images=1),
        },
    )
    report = collect(tmp_path, {"name": "own", "path": folder})
    counts = {"records": 1, "tables": 1, "formulas": 1, "images": 1}
    assert report.formats == dict.fromkeys(("docx", "epub", "html", "md", "pdf", "xml"), counts)
    texts = kept(tmp_path)
    assert {name for name, text in texts.items() if "| a | b |\n|---|---|\n| 1 | 2 |" in text} == set(texts) - {
        "own/f.pdf"
    }
    assert {name for name, text in texts.items() if "$\\frac{1}{x}$" in text} == set(texts) - {"own/f.pdf"}
    assert {name for name, text in texts.items() if "no" in text.split() or "x.png" in text} == {"own/e.md"}
    assert "1 2 3\n2 4 6\n3 6 9\n4 8 12" in texts["own/f.pdf"]


@pytest.mark.feature(173)
def test_what_a_format_leaves_out_of_its_lines_is_counted(tmp_path: Path) -> None:
    symbols = '<w:r><w:sym w:font="Own" w:char="F0B7"/></w:r>'
    folder = write(
        tmp_path / "in",
        {
            "a.html": f"<p>{SENTENCE} <i>\uf0c9</i></p><p>{SENTENCE[::-1]}</p>",
            "b.docx": word_file(paragraph(word_run(SENTENCE), symbols)),
            "c.ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": SENTENCE}, {"source": 7}]}),
        },
    )
    report = collect(tmp_path, {"name": "s", "path": str(folder)})
    found = {kind: {**counts} for kind, counts in report.formats.items()}
    assert (found["html"]["icons"], found["docx"]["unknown_symbols"], found["ipynb"]["malformed_cells"]) == (1, 1, 1)
