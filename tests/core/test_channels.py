"""Channels and their roles."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cpt_pipeline.core.channels import ChannelsParams


def test_roles_are_sorted_whatever_the_order_in_conf() -> None:
    channels = ChannelsParams(roles={"zh": "general", "tcm": "domain", "code": "general", "anatomy": "domain"})
    assert channels.domain == ("anatomy", "tcm")
    assert channels.general == ("code", "zh")


def test_general_channels_may_be_missing() -> None:
    assert ChannelsParams(roles={"tcm": "domain"}).general == ()


@pytest.mark.parametrize("roles", [{}, {"en": "general"}])
def test_nothing_to_learn_is_refused(roles: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"channels\.roles names no domain channel: there is nothing to learn"):
        ChannelsParams.model_validate({"roles": roles})


def test_a_role_that_does_not_exist_is_named_with_its_channel() -> None:
    with pytest.raises(ValidationError, match=r"roles\.tcm\n  Input should be 'domain' or 'general'"):
        ChannelsParams.model_validate({"roles": {"tcm": "special", "en": "general"}})


def test_null_removes_a_channel_that_base_names() -> None:
    params = ChannelsParams.model_validate({"roles": {"en": "general", "code": None, "domain": "domain"}})
    assert params.general == ("en",)
