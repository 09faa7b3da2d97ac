"""Which documents may be shown to a language model is known before they are cleaned, and those alone are counted."""

from __future__ import annotations

from pathlib import Path

from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.sampling import Wanted
from tests.corpus.texts import make_row, write_artifact


def test_other_channels_and_strong_formats_do_not_thin_the_sample(tmp_path: Path) -> None:
    rows = [make_row(number, "text", channel="web" if number % 10 == 0 else "books") for number in range(100)]
    rows.append(make_row(100, "x = 1", channel="web", category="code"))
    raw = write_artifact(tmp_path / "raw", rows)
    params = ScorerParams(channels=("web",))
    assert Wanted.of(params, ["code"], []).count(raw) == 10
    assert Wanted.of(ScorerParams(), ["code"], []).count(raw) == 100
    assert Wanted.of(params, ["code"], ["s"]).count(raw) == 100, "the channel of a classified source is not known yet"
