from cpt_pipeline.corpus.collect.html_marks import (
    CELL,
    IMAGE,
    ROW,
    TABLE,
    TABLE_END,
    bare_marks,
    lower_tags,
    mark_source,
    without_unseen,
    write_tables,
)


def bare(source: str) -> str:
    return bare_marks(mark_source(source))


def test_marks_stand_inside_cells_also_where_end_tags_are_left_out() -> None:
    assert bare("<table><tr><td>a</td><td>b</td></tr></table>") == (
        f"<table><tr><td>{TABLE}{ROW}a</td><td>{CELL}b{TABLE_END}</td></tr></table>"
    )
    assert bare("<table><tr><th>a<th>b<tr><td>c</table>") == (
        f"<table><tr><th>{TABLE}{ROW}a<th>{CELL}b<tr><td>{ROW}c{TABLE_END}</table>"
    )


def test_what_is_never_seen_goes_and_what_may_be_seen_stays() -> None:
    page = "a<script type='x'>'<p>no'</script>b<style>p {}</style>c<noscript><div></noscript>d"
    assert without_unseen(page) == "abcd"
    assert without_unseen("<head><title>x</title></head>\n<body class=a>b") == "\n<body class=a>b"
    for kept in ("<script type='math/tex'>x</script>", "<script><!-- x</script>", "<script>x", "<p>script</p>"):
        assert without_unseen(kept) == kept


def test_an_image_is_a_mark() -> None:
    assert bare('a<img src="x" alt="y">b') == f"a{IMAGE}b"


def test_only_the_innermost_table_becomes_rows() -> None:
    inner = f"{TABLE}{ROW}a{CELL}b\n{ROW}c{CELL}<p>d\ne</p>{TABLE_END}"
    written = write_tables(f"{TABLE}{ROW}x{CELL}{inner}{ROW}y{CELL}z{TABLE_END}")
    assert f"{TABLE}{ROW}| a | b |\n{ROW}|---|---|\n{ROW}| c | d e |" in written
    assert written.count("|---|") == 1


def test_a_table_with_code_or_mostly_links_is_left() -> None:
    for cell in ("<pre>x</pre>", '<a href="/">Home page</a>'):
        table = f"{TABLE}{ROW}{cell}{CELL}b\n{ROW}c{CELL}{cell}{TABLE_END}"
        assert "|" not in write_tables(table)


def test_a_script_that_is_never_closed_hides_nothing_and_names_of_tags_are_small_letters() -> None:
    assert without_unseen("a<script>b</script>c<script>d<style>e") == "ac<script>d<style>e"
    assert lower_tags("<SUP Class=A>B</Sup><H1>") == "<sup Class=A>B</sup><h1>"
    assert lower_tags("<B><script type='math/tex'>a<B</script>") == "<b><script type='math/tex'>a<B</script>"
