from cpt_pipeline.extraction.html.marks import IMAGE, bare_marks, lower_tags, mark_images, without_unseen


def test_what_is_never_seen_goes_and_what_may_be_seen_stays() -> None:
    page = "a<script type='x'>'<p>no'</script>b<style>p {}</style>c<noscript><div></noscript>d"
    assert without_unseen(page) == "abcd"
    assert without_unseen("<head><title>x</title></head>\n<body class=a>b") == "\n<body class=a>b"
    for kept in ("<script type='math/tex'>x</script>", "<script><!-- x</script>", "<script>x", "<p>script</p>"):
        assert without_unseen(kept) == kept


def test_an_image_is_a_mark() -> None:
    assert bare_marks(mark_images('a<img src="x" alt="y">b')) == f"a{IMAGE}b"


def test_a_script_that_is_never_closed_hides_nothing_and_names_of_tags_are_small_letters() -> None:
    assert without_unseen("a<script>b</script>c<script>d<style>e") == "ac<script>d<style>e"
    assert lower_tags("<SUP Class=A>B</Sup><H1>") == "<sup Class=A>B</sup><h1>"
    assert lower_tags("<B><script type='math/tex'>a<B</script>") == "<b><script type='math/tex'>a<B</script>"
