from cpt_pipeline.extraction.html.boilerplate import Line, main_lines, read_lines
from cpt_pipeline.extraction.html.marks import REGION, REGION_END

LONG = "A sentence that is long enough to count as running text, for it has more than eighty bytes in it."


def test_lines_know_their_links_headings_and_gaps() -> None:
    lines, _ = read_lines('<h2>Head</h2>\n\nfirst <a href="x">half</a>\nsecond<br>\n<ul>\n  <li>item</li>\n</ul>')
    assert lines == [
        Line("Head", level=2, after_gap=True),
        Line("first half", link_share=0.4, after_gap=True),
        Line("second"),
        Line("item", label="-"),
    ]


def test_menus_sayings_and_empty_headings_go() -> None:
    lines = [
        Line("Sports News Weather", link_share=0.9),
        Line(LONG),
        Line("Share this on"),
        Line("相关阅读"),
        Line("Related", level=2),
        Line("One more", level=2),
        Line("A link and words", link_share=0.6),
    ]
    assert main_lines(lines, []) == [Line(LONG)]


def test_code_and_rows_are_never_boilerplate() -> None:
    lines = [Line("print", verbatim=True), Line("| Share this | 1 |", verbatim=True)]
    assert main_lines(lines, []) == lines


def test_a_region_is_taken_alone_where_it_holds_most_of_the_text() -> None:
    lines, regions = read_lines(f"Before.\n{REGION}\n{LONG}\n\n{LONG}\n\n{LONG}\n{REGION_END}\nAfter.")
    assert [line.text for line in main_lines(lines, regions)] == [LONG] * 3
    lines, regions = read_lines(f"{LONG}\n{REGION}\n{LONG}\n\n{LONG}\n\n{LONG}\n{REGION_END}\n{LONG}")
    assert len(main_lines(lines, regions)) == 5
