"""Subtitles: what is said, without numbers, times and marks."""

import pytest

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


def test_a_file_without_cues_is_named() -> None:
    assert read("a.srt", b"Only words.") == [("", "not_subtitles")]
