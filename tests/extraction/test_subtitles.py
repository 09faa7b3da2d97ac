"""Subtitles: what is said, without numbers, times and marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.subtitles import spoken
from tests.corpus.collect.streams import read

SRT = (
    "\ufeff1\r\n00:00:01,000 --> 00:00:03,000\r\n<i>Hello</i> there,\r\nfriend.\r\n\r\n"
    "2\r\n00:00:03,500 --> 00:00:05,000 X1:1\r\n{\\an8}How are you?\r\n\r\n"
    "3\r\n00:00:05,000 --> 00:00:06,000\r\nHow are you?\r\n\r\n"
    "4\r\n01:00:20,000 --> 01:00:22,000\r\n1984\r\n\r\nwas a year.\r\n"
)
VTT = (
    "WEBVTT - a film\n\nNOTE nothing\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Ann>A &amp; B\n\n"
    "00:02.000 --> 00:03.000\nC\n"
)


@pytest.mark.feature(172)
def test_cues_become_running_text_and_a_pause_a_paragraph() -> None:
    assert read("a.srt", SRT.encode()) == [("", "Hello there, friend. How are you?\n\n1984 was a year.")]
    assert read("a.vtt", VTT.encode()) == [("", "A & B C")]
    chinese = "1\n00:00:01,000 --> 00:00:03,000\n你好，\n\n2\n00:00:03,000 --> 00:00:05,000\n朋友。\n"
    assert read("b.srt", chinese.encode()) == [("", "你好，朋友。")]


@pytest.mark.parametrize(
    ("cue", "said"),
    [
        ("so a < b and c > d", "so a < b and c > d"),
        ("if 3 <x and y> 2", "if 3 <x and y> 2"),
        ("&lt;i&gt; is a tag, <<yes>>", "<i> is a tag, <<yes>>"),
        ("<I>Hello</I> <font color='#fff' size=2>there</font><br/>you", "Hello there you"),
        ("<v.loud Mary Ann>Go <c.yellow.bg_blue>now</c> <00:01.500><00:00:01.700>please</v>", "Go now please"),
        ("<lang en-GB>Colour</lang> <ruby>漢<rt>かん</rt></ruby>", "Colour 漢"),
    ],
)
def test_tags_of_the_formats_go_and_other_signs_stay(cue: str, said: str) -> None:
    assert spoken(f"1\n00:00:01,000 --> 00:00:03,000\n{cue}\n") == said


def test_comments_and_styles_between_cues_are_not_spoken() -> None:
    times = "00:0{}.000 --> 00:0{}.500"
    source = (
        f"WEBVTT\n\nSTYLE\n::cue {{}}\n\n{times.format(1, 1)}\nA\n\nNOTE two\nlines\n\n{times.format(2, 2)}\nNOTE B\n"
    )
    assert spoken(source) == "A NOTE B"


@given(
    st.lists(st.sampled_from(["a", "<", ">", "<=", "->", " ", "水", "<i>", "</i>", "<v Ann>", "<c.x>"]), max_size=15)
)
def test_nothing_but_tags_is_lost(parts: list[str]) -> None:
    found = spoken(f"1\n00:00:01,000 --> 00:00:03,000\n{' '.join(parts)}\n")
    tags = {"<i>", "</i>", "<v Ann>", "<c.x>", " "}
    assert found.split() == [part for part in parts if part not in tags]


def test_a_file_without_cues_is_named() -> None:
    assert read("a.srt", b"Only words.") == [("", "not_subtitles")]
