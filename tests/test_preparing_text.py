"""The snippets of docs/preparing-text.md are parameters that the stages take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.dedup.params import DedupParams

PAGE = Path(__file__).parents[1] / "docs/preparing-text.md"
BLOCKS = re.findall(r"```yaml\n# conf/\S+/parameters_(\w+)\.yml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
KEYS: dict[str, type[Params]] = {
    "license_policy": LicensePolicyParams,
    "collect": CollectParams,
    "clean": CleanParams,
    "clean_run": CleanRunParams,
    "dedup": DedupParams,
}


def test_the_page_shows_every_stage() -> None:
    assert {name for name, _ in BLOCKS} == {"license_policy", "collect", "clean", "dedup"}


@pytest.mark.parametrize("block", [text for _, text in BLOCKS], ids=lambda text: text.split("\n")[1].strip()[:40])
def test_a_snippet_is_valid_and_says_something_else_than_the_default(block: str) -> None:
    given: dict[str, Any] = yaml.safe_load(block)
    for key, values in given.items():
        params = KEYS[key].model_validate(values)
        assert params.model_dump() != KEYS[key].model_construct().model_dump()
