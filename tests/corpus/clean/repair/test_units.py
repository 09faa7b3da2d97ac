"""Units: each rule changes its own form, and numbers that look alike stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.repair.units import join_thousands, space_units, spell_unit_signs, write_years_in_digits

RULES = (join_thousands, space_units, spell_unit_signs, write_years_in_digits)


@pytest.mark.feature(24)
def test_unit_signs_are_spelled_and_keep_their_powers() -> None:
    assert spell_unit_signs("5㎏ 3㎡ 2㎥ 8㎧ 1㎖ 9㎞ 4㎍") == "5kg 3m² 2m³ 8m/s 1mL 9km 4μg"
    assert spell_unit_signs("37℃ 98 ˚C 5°C") == "37°C 98 °C 5°C"
    assert spell_unit_signs("① ② ㈱ 30° Celsius ½") == "① ② ㈱ 30° Celsius ½"


@pytest.mark.feature(24)
def test_a_number_and_its_unit_stand_one_space_apart() -> None:
    assert space_units("5kg 1.5mL 120mmHg 2,000 kWh 36.5°C，60Hz") == "5 kg 1.5 mL 120 mmHg 2,000 kWh 36.5 °C，60 Hz"
    same = "5G network, 3D, 4K, 100m, iPhone5kg, v1.2kgx, A5mm, 10kgs, 747MAX"
    assert space_units(same) == same


@pytest.mark.feature(24)
def test_only_whole_groups_of_three_are_one_number() -> None:
    assert join_thousands("1,234,567 and 12,000元") == "1234567 and 12000元"
    same = "1,23 1234,567 1,2345 0.123,456 10,20,30 1,234,56 2020,1"
    assert join_thousands(same) == same


@pytest.mark.feature(24)
def test_years_digit_by_digit_are_written_in_digits() -> None:
    assert write_years_in_digits("一九九八年至二〇二四年、二零零一年") == "1998年至2024年、2001年"
    same = "二十年 三百六十五年 一九九八级 十一九九八年"
    assert write_years_in_digits(same) == same


@given(st.text("0123456789,. kgmL°C℃㎏一九八〇年十", max_size=30))
def test_no_rule_changes_its_own_result(text: str) -> None:
    for rule in RULES:
        assert rule(rule(text)) == rule(text)
