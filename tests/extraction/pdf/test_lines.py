from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.pdf.lines import body_lines, join_lines, mend_cut_words, width

PROSE = "A line of prose that goes all the way to the margin of its page and on"


def test_running_heads_feet_and_page_numbers_go_and_the_body_stays() -> None:
    pages = [f"Annals of Hearts, vol. {n}\nBody {word} line one\nBody {word} line two\n- {n} -" for n, word in
             enumerate(("alpha", "beta", "gamma", "delta"), 1)]  # fmt: skip
    body, num_removed = body_lines(pages)
    assert body == [[f"Body {word} line one", f"Body {word} line two"] for word in ("alpha", "beta", "gamma", "delta")]
    assert num_removed == 8


def test_chinese_page_numbers_go() -> None:
    assert body_lines([f"第 {n} 页\n{text}" for n, text in enumerate(("心", "肝", "脾"), 1)]) == (
        [["心"], ["肝"], ["脾"]],
        3,
    )


def test_heads_of_odd_and_even_pages_go() -> None:
    pages = [f"{'THE BOOK' if n % 2 else 'Chapter one: beginnings'} {n}\nwords of {chr(97 + n) * 3}" for n in range(10)]
    assert body_lines(pages) == ([[f"words of {chr(97 + n) * 3}"] for n in range(10)], 10)


def test_rows_of_numbers_at_the_edges_of_pages_are_no_heads() -> None:
    pages = [f"{n} 12 15 18\n{n} 20 21 22" for n in range(5)]
    assert body_lines(pages) == ([page.split("\n") for page in pages], 0)


def test_a_line_that_only_one_page_has_stays() -> None:
    assert body_lines(["A title\none", "Another\ntwo", "third\nthree"])[1] == 0


def test_cut_words_lose_their_hyphen_unless_the_document_has_it_elsewhere() -> None:
    lines = [
        "this is an exam-",
        "ple of a well-",
        "known word; it is well-known, in GPT-",
        "Neo and computer-",
        "chess",
    ]
    assert mend_cut_words(lines) == (
        "this is an example of a well-known word; it is well-known, in GPT-Neo and computerchess",
        4,
    )
    assert mend_cut_words([*lines, "a computer plays chess"])[0].splitlines()[0].endswith("computer-chess")


def test_the_mark_of_pdfium_and_soft_hyphens_are_mended() -> None:
    assert mend_cut_words(["Periodically mea\ufffesure the inter\u00ad", "val of GPT\ufffe2"]) == (
        "Periodically measure the interval of GPT-2",
        2,
    )


def test_lines_that_run_on_are_joined_and_short_ones_end_a_paragraph() -> None:
    lines = ["Heading", PROSE, PROSE, "and it ends here.", PROSE, "• a point", "• another"]
    assert join_lines(lines)[0] == ["Heading", f"{PROSE} {PROSE} and it ends here.", PROSE, "• a point", "• another"]


def test_chinese_and_latin_meet_without_a_space() -> None:
    lines = ["肝主疏泄而藏血其华在爪其志为怒", "在液为泪在体合筋 this is", "心主血脉其华在面"]
    assert join_lines(lines)[0] == ["肝主疏泄而藏血其华在爪其志为怒在液为泪在体合筋 this is心主血脉其华在面"]


def test_korean_words_keep_their_space() -> None:
    assert join_lines(["심장은 온몸에 피를", "보내는 기관이다 그리고"])[0] == [
        "심장은 온몸에 피를 보내는 기관이다 그리고"
    ]


def test_tables_and_formulas_keep_their_lines_and_are_counted() -> None:
    lines = [PROSE, "Mass 1.5 2.5 3.5", "Size 10 20 30", "Cost 7 8 9", PROSE, "E = mc2", "∑ x ≤ 1", PROSE]
    assert join_lines(lines) == (
        [PROSE, "Mass 1.5 2.5 3.5\nSize 10 20 30\nCost 7 8 9", PROSE, "E = mc2\n∑ x ≤ 1", PROSE],
        1,
        1,
    )


def test_two_rows_of_numbers_are_no_table() -> None:
    assert join_lines(["a 1 2 3", "b 4 5 6"])[1] == 0


def test_a_chinese_character_is_two_columns_wide() -> None:
    assert (width("abc"), width("中文，")) == (3, 6)


@given(st.lists(st.text(alphabet="ab1 .-=\ufffe•中。\u3000\n", max_size=30), max_size=8))
def test_no_letter_is_lost(pages: list[str]) -> None:
    body, num_removed = body_lines(pages)
    if num_removed:
        return
    paragraphs = join_lines(mend_cut_words([line for lines in body for line in lines])[0].split("\n"))[0]
    assert [each for each in "".join(paragraphs) if each.isalnum()] == [c for c in "".join(pages) if c.isalnum()]
