"""Whether a tokenizer fits the model and the text: refused before anything is trained with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.formats.model_facts import ModelFacts
from cpt_pipeline.vocabulary.params import TokenizerParams


def check_ids(tokenizer: Any, facts: ModelFacts) -> None:
    """Raise `ParameterError` when a loaded tokenizer has ids without a row in the model's embedding."""
    largest = max(tokenizer.get_vocab().values(), default=0)
    problem = facts.find_id_problem(max(largest, len(tokenizer) - 1))
    if problem:
        raise ParameterError(f"base.name: {problem}.")


def check_losses(lost_shares: Mapping[str, float], params: TokenizerParams) -> None:
    """Raise `ParameterError` for channels whose documents the tokenizer does not give back.

    `lost_shares` are shares of documents that are not the same after encoding and decoding, by channel.
    """
    problems = [
        f"channel {channel}: {share:.0%} of the documents read do not decode to their own text"
        for channel, share in sorted(lost_shares.items())
        if share > params.max_lost_share
    ]
    heading = (
        f"The base's tokenizer loses text; tokenizer.max_lost_share is {params.max_lost_share:g}. Take a base whose "
        "tokenizer keeps this text, drop the channel, or raise the limit if the loss does no harm (lower case):"
    )
    raise_all(ParameterError, heading, problems)
