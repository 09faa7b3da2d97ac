"""Numbers in the forms of lists."""

import pytest

from cpt_pipeline.text.numerals import FORMS_OF_HTML, numeral


@pytest.mark.parametrize(
    ("number", "form", "written"),
    [
        (3, "decimal", "3"),
        (1, "lowerLetter", "a"),
        (27, "lowerLetter", "aa"),
        (28, "upperLetter", "BB"),
        (1994, "upperRoman", "MCMXCIV"),
        (4, "lowerRoman", "iv"),
        (7, "decimalZero", "07"),
        (10, "chineseCounting", "十"),
        (12, "chineseCounting", "十二"),
        (30, "japaneseCounting", "三十"),
        (105, "chineseCounting", "105"),
        (105, "ideographDigital", "一〇五"),
        (20, "decimalEnclosedCircle", "⑳"),
        (21, "decimalEnclosedCircle", "21"),
        (0, "lowerRoman", "0"),
        (-2, "upperLetter", "-2"),
        (4000, "upperRoman", "4000"),
        (5, "of nobody", "5"),
    ],
)
def test_a_number_is_written_as_readers_see_it(number: int, form: str, written: str) -> None:
    assert numeral(number, form) == written


def test_letters_go_on_beyond_z_as_browsers_and_as_word_have_it() -> None:
    letters = [numeral(number, FORMS_OF_HTML["a"]) for number in (1, 26, 27, 28, 702, 703)]
    assert letters == ["a", "z", "aa", "ab", "zz", "aaa"]
    assert [numeral(number, FORMS_OF_HTML["A"]) for number in (28, 0)] == ["AB", "0"]
    assert [numeral(number, "lowerLetter") for number in (27, 28)] == ["aa", "bb"]
