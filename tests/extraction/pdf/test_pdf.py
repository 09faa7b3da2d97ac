import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.pdf.grade import GradeParams
from cpt_pipeline.extraction.pdf.pages import Page
from cpt_pipeline.extraction.pdf.pdf import PdfParams, assemble, read_pdf
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox
from tests.corpus.collect.pdf_bytes import write_bomb, write_objects, write_pdf

CHINESE = (
    "中医学是研究人体生理病理以及疾病的诊断和防治的一门学科，\n它有独特的理论体系和丰富的养生和诊疗手段，\n"
    "其中的方剂学讲的是药物如何配合。\n"
)
ENGLISH = (
    "The heart is a muscular organ which pumps blood through the blood ves-\n"
    "sels of the circulatory system. The pumped blood carries oxygen to the\n"
    "body, while carrying waste such as carbon dioxide to the lungs.\n"
)
OTHER = "Some of the words on this page are of one sort and others are of another.\n"
CATALOGUE = "<< /Type /Catalog /Pages 2 0 R >>"
LOCK = (
    f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{'ab' * 32}> /U <{'cd' * 32}> /P -44 >> "
    f"/ID [<{'00' * 16}> <{'00' * 16}>]"
)
CYCLE = [
    CATALOGUE,
    "<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 5 >>",
    "<< /Type /Pages /Kids [2 0 R] /Count 2 /Parent 2 0 R >>",
]
FORM_CYCLE = [
    CATALOGUE,
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /X 4 0 R >> >> >>",
    "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >> /Length 5 >>\n"
    "stream\n/X Do\nendstream",
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=10.0) as made:
        yield made


def read(raw: bytes, sandbox: Sandbox, params: PdfParams | None = None) -> Reading:
    (reading,) = read_pdf(raw, params or PdfParams(), sandbox)
    return reading


def real(name: str) -> bytes:
    shared = os.environ.get("CPT_SHARED")
    if shared is None:
        pytest.skip("CPT_SHARED is not set")
    return (Path(shared) / "data" / "documents" / name).read_bytes()


def test_hard_lines_and_cut_words_of_english_become_a_paragraph(sandbox: Sandbox) -> None:
    reading = read(write_pdf([ENGLISH]), sandbox)
    assert reading.text == (
        "The heart is a muscular organ which pumps blood through the blood vessels of the circulatory system. The "
        "pumped blood carries oxygen to the body, while carrying waste such as carbon dioxide to the lungs."
    )
    assert (reading.fields["grade"], reading.fields["mended_words"]) == ("clean", 1)


def test_hard_lines_of_chinese_are_joined_without_a_space(sandbox: Sandbox) -> None:
    reading = read(write_pdf([CHINESE]), sandbox)
    assert reading.text == CHINESE.replace("\n", "")
    assert reading.fields["grade"] == "clean"


def test_the_title_of_the_document_is_kept(sandbox: Sandbox) -> None:
    assert read(write_pdf([ENGLISH], title="On Hearts"), sandbox).fields["title"] == "On Hearts"


def test_images_and_pages_without_text_are_counted(sandbox: Sandbox) -> None:
    reading = read(write_pdf([ENGLISH, CHINESE, "", "", OTHER], num_images=2), sandbox)
    assert {name: reading.fields[name] for name in ("pages", "pages_without_text", "images")} == {
        "pages": 5,
        "pages_without_text": 2,
        "images": 10,
    }
    assert reading.fields["grade"] == "synthesis"
    assert reading.fields["grade_reasons"] == ["textless_share 0.4 > 0.3"]


def test_an_invisible_text_layer_over_a_scan_is_never_clean(sandbox: Sandbox) -> None:
    reading = read(write_pdf([ENGLISH], invisible=True, num_images=1), sandbox)
    assert reading.fields["grade"] == "stage1_only"
    assert reading.fields["grade_reasons"] == ["recognised_share 1 > 0.1"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_pdf"),
        (b"<html></html>", "not_pdf"),
        (b"%PDF-1.7\n" + bytes(5000), "not_pdf"),
        (write_pdf([ENGLISH])[:300], "not_pdf"),
        (write_pdf([ENGLISH], trailer=LOCK), "encrypted"),
        (write_pdf([]), "no_text_layer"),
        (write_pdf(["", ""], num_images=1), "no_text_layer"),
        (write_objects(CYCLE), "no_text_layer"),
        (write_objects(FORM_CYCLE), "no_text_layer"),
        (write_objects([CATALOGUE, "<< /Type /Pages /Kids [2 0 R] /Count 2000000000 >>"]), "no_text_layer"),
        (write_pdf(["x"]), "pdf_rejected"),
    ],
    ids=[
        "empty",
        "html",
        "junk",
        "truncated",
        "locked",
        "pageless",
        "textless",
        "cycle",
        "form-cycle",
        "count",
        "short",
    ],
)
def test_a_file_without_text_to_read_is_one_reading_with_a_reason(raw: bytes, reason: str, sandbox: Sandbox) -> None:
    assert (read(raw, sandbox).text, read(raw, sandbox).reason) == ("", reason)


def test_the_reason_of_a_file_does_not_depend_on_the_file_before(sandbox: Sandbox) -> None:
    pageless = write_pdf([])
    assert read(pageless, sandbox).reason == "no_text_layer"
    assert read(write_pdf(["x"], trailer=LOCK), sandbox).reason == "encrypted"
    assert read(pageless, sandbox).reason == "no_text_layer"


def test_too_many_pages_or_characters_are_too_large(sandbox: Sandbox) -> None:
    raw = write_pdf([ENGLISH] * 3)
    assert read(raw, sandbox, PdfParams(max_pages=2)).detail == "3 pages, more than max_pages 2"
    assert read(raw, sandbox, PdfParams(max_chars=300)).reason == "too_large"


def test_a_long_document_is_read_in_parts_and_gives_every_page(sandbox: Sandbox) -> None:
    names = [f"{chr(97 + index // 26 % 26)}{chr(97 + index % 26)}" for index in range(450)]
    reading = read(
        write_pdf([f"Page {name} is about the organs and their work in a body.\n" for name in names]), sandbox
    )
    assert reading.fields["pages"] == 450
    assert all(f"Page {name} is" in reading.text for name in names)


def test_a_parser_that_runs_too_long_costs_one_reading() -> None:
    with Sandbox(seconds=0.0001) as hasty:
        assert read(write_pdf([ENGLISH]), hasty).reason == "parser_timeout"


def test_a_page_that_unpacks_without_end_costs_one_reading() -> None:
    bomb = write_bomb(200 << 20)
    assert len(bomb) < 10_000
    with Sandbox(memory_bytes=300 << 20) as narrow:
        assert read(bomb, narrow).reason in ("parser_crash", "parser_memory")
        assert read(write_pdf([ENGLISH]), narrow).fields["grade"] == "clean"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_never_raise(data: st.DataObject, sandbox: Sandbox) -> None:
    raw = bytearray(write_pdf([ENGLISH, CHINESE]))
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    reading = read(bytes(raw[: data.draw(st.integers(0, len(raw)))]), sandbox)
    assert (reading.reason is None) == bool(reading.text)


def test_more_noise_never_gives_a_better_grade() -> None:
    """Letters swapped at random, as poor text recognition does; the running text is the one of a real print."""
    text = " ".join(ENGLISH.replace("-\n", "").split())
    order = ["clean", "stage1_only", "synthesis", "sft_source", "rejected"]
    grades = []
    for share in (0.0, 0.05, 0.15, 0.6):
        noise = random.Random(1)
        noisy = "".join(noise.choice("|1^~0-;xq") if noise.random() < share else each for each in text * 20)
        grades.append(assemble([Page(noisy, 0, False)], GradeParams()).grade)
    assert grades == sorted(grades, key=order.index)
    assert (grades[0], grades[-1]) == ("clean", "rejected")
    assert len(set(grades)) >= 3


@pytest.mark.feature(10)
def test_a_browser_print_loses_its_heads_and_feet_and_is_clean(sandbox: Sandbox) -> None:
    reading = read(real("bitter_lesson.pdf"), sandbox)
    assert reading.text.startswith(
        "The Bitter Lesson\n\nRich Sutton\n\nMarch 13, 2019\n\nThe biggest lesson that can be"
    )
    assert "2/3/22" not in reading.text
    assert "incompleteideas.net" not in reading.text
    assert "a colossal waste of researcher's time, when" in reading.text
    assert (reading.fields["grade"], reading.fields["running_heads"]) == ("clean", 4)


def test_a_latex_print_is_clean_and_its_formulas_are_counted(sandbox: Sandbox) -> None:
    reading = read(real("cs336_spring2025_assignment4_data.pdf"), sandbox)
    assert (reading.fields["grade"], reading.fields["pages"], reading.fields["running_heads"]) == ("clean", 17, 17)
    assert reading.fields["formulas"] == 4
    assert "Periodically measure the validation loss" in reading.text


@pytest.mark.feature(11)
@pytest.mark.parametrize("name", ["math_answer.pdf", "math_question.pdf"])
def test_a_scanned_examination_paper_is_a_source_for_questions(name: str, sandbox: Sandbox) -> None:
    reading = read(real(name), sandbox)
    assert reading.fields["grade"] == "sft_source"
    assert reading.fields["grade_measures"]["recognised_share"] == 1.0
    assert reading.fields["images"] == 2
    assert [reason.split()[0] for reason in reading.fields["grade_reasons"]] == ["running_share"]
