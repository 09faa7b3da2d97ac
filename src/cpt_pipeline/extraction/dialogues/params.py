"""How the records of a source become dialogues (`collect.sources.dialogues` in conf), and what a dialogue is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.params import Params

OTHER_ROLES = "*"
"""Key of `roles`: all that have no key of their own."""


class DialoguesParams(Params):
    """Which fields hold the turns, and what becomes one document."""

    unit: Literal["turn", "conversation", "linked"] = "conversation"
    """A turn; all turns of a conversation, as lines `role: text`; or the conversations of one customer, in order of
    time. A source of linked conversations is read by one worker."""
    turns: str | None = "messages"
    """Field with the list of turns (OpenAI `messages`, ShareGPT `conversations`); none where each record is a turn."""
    role: str = "role"
    """Field of a turn: who speaks. ShareGPT: `from`."""
    text: str = "content"
    """Field of a turn: what is said. ShareGPT: `value`."""
    roles: dict[str, str | None] = Field(default_factory=dict)
    """Role to the name that stands in the text; none leaves its turns out, `*` is for all that are not named. Where
    `role` holds names of persons, give `"*"`, or they stand in the text."""
    conversation: str | None = None
    """Records that are turns: field with the id of the conversation, whose turns may lie anywhere in the file."""
    link_by: str | None = None
    """linked: field with the id of the customer; a conversation without one stands alone."""
    order_by: str | None = None
    """linked, and records that are turns: field with the time (a number, or an ISO date or time); none is as read."""
    max_gap_hours: float | None = Field(None, gt=0)
    """linked: after a longer silence a new document begins."""
    max_linked_characters: int = Field(32_000, ge=1)
    """linked: a conversation that would make the document longer begins a new one; none is cut."""

    @model_validator(mode="after")
    def _fits_together(self) -> DialoguesParams:
        problems = []
        if self.unit == "linked" and (self.link_by is None or self.order_by is None):
            problems.append("unit linked needs link_by (the customer) and order_by (the time)")
        if self.unit != "linked" and (self.link_by is not None or self.max_gap_hours is not None):
            problems.append("link_by and max_gap_hours are for unit linked")
        if self.turns is None and self.conversation is None and self.unit != "turn":
            problems.append("records that are turns (turns: null) need `conversation`, the field with its id")
        if self.turns is not None and self.conversation is not None:
            problems.append("a list of turns is a conversation: leave `conversation` out, or set turns: null")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def is_joined(self) -> bool:
        """Say whether a document may need several records."""
        return self.unit == "linked" or (self.turns is None and self.unit == "conversation")

    def paths(self) -> list[tuple[str, str]]:
        """Give the fields of a record that are read, each with "?" where it may be missing."""
        if self.turns is not None:
            needed = [self.turns, self.order_by]
        else:
            needed = [self.role, self.text, self.conversation, self.order_by]
        return [*((path, "") for path in needed if path), *([(self.link_by, "?")] if self.link_by else [])]


@dataclass(frozen=True)
class Turn:
    """What one speaker says; `reason` says why it is left out."""

    number: int
    """Its place in the list of its record, from 1."""
    role: str
    text: str
    reason: str | None = None


@dataclass(frozen=True)
class Dialogue:
    """What a record tells: a conversation, or one turn of it."""

    turns: tuple[Turn, ...]
    conversation: str | None = None
    link: str | None = None
    time: float | None = None
    """Seconds; only differences and order count."""
