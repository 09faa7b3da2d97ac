"""Parameters of the mixture."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.params import DropNulls, Params, Seed
from cpt_pipeline.formats.routes import Use

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class MixStageParams(Params):
    """The data of one training stage."""

    num_tokens: int | None = Field(default=None, gt=0)
    """Tokens to train on, rounded up to whole steps; null = what `passes` makes of the text that is there."""
    passes: float | None = Field(default=None, gt=0.0)
    """In place of num_tokens: how often the domain text is read. Tokens = domain tokens x passes / domain share,
    rounded down to whole steps."""
    weights: Annotated[dict[str, Annotated[float, Field(gt=0.0)]], DropNulls] = Field(default_factory=dict)
    """Share of a channel among the channels of its role (general or domain), up to scale; absent = 1."""
    categories: Annotated[dict[str, Annotated[tuple[str, ...], Field(min_length=1)]], DropNulls] = Field(
        default_factory=dict
    )
    """Channel to the categories that may be used; absent or null = all."""
    min_quality: Share = 0.0
    """Documents with a lower quality score stay out."""
    uses: tuple[Use, ...] = ()
    """Text with faults that may be read all the same, by what it is fit for (the grade of a PDF); none in stage 2."""

    @model_validator(mode="after")
    def _one_size(self) -> MixStageParams:
        if self.num_tokens is None and self.passes is None:
            raise ValueError("how much is read? set num_tokens, or passes (how often the domain text is read)")
        if self.num_tokens is not None and self.passes is not None:
            raise ValueError(
                f"num_tokens ({self.num_tokens}) and passes ({self.passes:g}) are both set; set num_tokens: null to "
                "let the size follow from the text, or passes: null"
            )
        return self


class MixParams(Params):
    """`mix:` in conf: what each training stage reads."""

    sequence_length: int = Field(ge=8)
    """Tokens per row."""
    rows_per_step: int = Field(gt=0)
    """Rows of one global batch, whatever the number of processes."""
    domain_share: Share
    """alpha: share of the tokens that comes from domain channels. Seed literature: 0.05-0.20 for large bases."""
    max_passes: float = Field(default=4.0, gt=0.0)
    """How often a channel may be read in one stage; above it the run stops (repeating stops paying at about 4)."""
    seed: Seed = 0
    stage1: MixStageParams
    stage2: MixStageParams

    @model_validator(mode="after")
    def _whole_batch(self) -> MixParams:
        if self.stage1.num_tokens is not None and self.stage1.num_tokens < self.sequence_length * self.rows_per_step:
            raise ValueError("mix.stage1.num_tokens is less than one step (sequence_length x rows_per_step)")
        for stage, wanted in (("stage1", self.stage1), ("stage2", self.stage2)):
            if wanted.passes is not None and self.domain_share == 0.0:
                raise ValueError(
                    f"mix.{stage}.passes counts the domain text, and mix.domain_share is 0; set num_tokens"
                )
            if wanted.passes is not None and wanted.passes > self.max_passes:
                raise ValueError(f"mix.{stage}.passes is {wanted.passes:g} and mix.max_passes is {self.max_passes:g}")
        if self.stage2.uses:
            raise ValueError("mix.stage2.uses must stay empty: text with faults is never read in stage 2")
        return self


class MixLawParams(Params):
    """`mix_law:` in conf: where the domain share comes from."""

    enabled: Literal[False] = False
    """The share of `mix.domain_share` is used as it stands; fitting it from proxy runs is not built yet."""
