"""Keys of dialogues that do not fit together are refused, all at once."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cpt_pipeline.corpus.collect.params import FilesParams
from cpt_pipeline.extraction.dialogues.params import DialoguesParams


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"unit": "linked"}, "needs link_by .* and order_by"),
        ({"unit": "linked", "link_by": "user"}, "needs link_by .* and order_by"),
        ({"link_by": "user"}, "are for unit linked"),
        ({"max_gap_hours": 3}, "are for unit linked"),
        ({"turns": None}, "need `conversation`"),
        ({"conversation": "id"}, "leave `conversation` out"),
        ({"turns": None, "link_by": "user"}, "are for unit linked; .* need `conversation`"),
    ],
)
def test_keys_that_do_not_fit_together(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DialoguesParams.model_validate(given)


@pytest.mark.parametrize(
    "more",
    [{"category": "news"}, {"columns": {"category": "kind"}}, {"template": "{a}"}],
    ids=lambda more: next(iter(more)),
)
def test_a_source_says_once_what_its_records_are(more: dict[str, Any]) -> None:
    given = {"kind": "files", "name": "own", "channel": "en", "path": "x", "license": "MIT", "dialogues": {}}
    with pytest.raises(ValidationError, match=r"category dialogue|both template and dialogues"):
        FilesParams.model_validate({**given, **more})


def test_a_turn_that_is_a_record_needs_no_conversation() -> None:
    assert not DialoguesParams(unit="turn", turns=None).is_joined
    assert not DialoguesParams().is_joined
    assert DialoguesParams(turns=None, conversation="id").is_joined
    assert DialoguesParams(unit="linked", link_by="user", order_by="time").is_joined
