"""Channels: the named kinds of text of a run, and which of them must not be forgotten.

`domain` channels are to be learnt, `general` channels are to be kept. The mixture, the evaluation
and the decision all read this one key, so they cannot disagree about who guards what.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from cpt_pipeline.core.params import DropNulls, Name, Params


class ChannelsParams(Params):
    """`channels:` in conf. Every source names one of these channels."""

    roles: Annotated[dict[Name, Literal["domain", "general"]], DropNulls]
    """Channel name to role; null removes a channel of base. Files are named after channels."""

    @model_validator(mode="after")
    def _at_least_one_domain(self) -> ChannelsParams:
        if not self.domain:
            raise ValueError("channels.roles names no domain channel: there is nothing to learn")
        return self

    @property
    def domain(self) -> tuple[str, ...]:
        """Channels to be learnt, sorted."""
        return tuple(sorted(name for name, role in self.roles.items() if role == "domain"))

    @property
    def general(self) -> tuple[str, ...]:
        """Channels to be kept, sorted."""
        return tuple(sorted(name for name, role in self.roles.items() if role == "general"))
