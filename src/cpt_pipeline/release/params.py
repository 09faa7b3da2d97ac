"""Parameters of the decision: the policy that is written down before the figures are known."""

from __future__ import annotations

from pydantic import Field

from cpt_pipeline.core.params import Params


class DecideParams(Params):
    """`decide:` in conf."""

    min_domain_gain: float = Field(default=0.15, ge=0.0, lt=1.0)
    """Bits per byte of every domain channel must fall by at least this share of the base's."""
    max_general_rise: float = Field(default=0.02, ge=0.0)
    """Bits per byte of no general channel may rise by more than this share of the base's."""
    judge: str = "last"
    """Which candidate is judged: `last` (the end of the last stage), or a name like stage1-step-000040."""
    min_documents: int = Field(default=30, gt=1)
    """Fewer held-out documents than this in a channel are no ground for promoting."""
