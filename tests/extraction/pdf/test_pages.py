import pytest

from cpt_pipeline.extraction.pdf.pages import Page, PdfFault, parse_pages
from tests.corpus.collect.pdf_bytes import write_pdf


def test_pages_are_asked_for_by_their_place() -> None:
    raw = write_pdf(["first", "第二页", "third"], num_images=1)
    found = parse_pages(raw, 1, 9)
    assert found.num_pages == 3
    assert found.pages == (Page("第二页", 1, False), Page("third", 1, False))
    assert parse_pages(raw, 3, 9).pages == ()


def test_the_title_is_taken_from_the_information_of_the_document() -> None:
    assert parse_pages(write_pdf(["x"], title="On Hearts"), 0, 1).title == "On Hearts"


def test_invisible_text_is_told_from_visible_text() -> None:
    assert [parse_pages(write_pdf(["abc"], invisible=hidden), 0, 1).pages for hidden in (True, False)] == [
        (Page("abc", 0, True),),
        (Page("abc", 0, False),),
    ]


def test_a_file_that_does_not_open_is_a_fault_with_a_reason() -> None:
    with pytest.raises(PdfFault) as caught:
        parse_pages(b"%PDF-1.7 and nothing more", 0, 1)
    assert caught.value.reason == "not_pdf"
