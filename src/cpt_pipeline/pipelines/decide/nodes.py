"""Node of stage decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import Input, workspace
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.size import size_key
from cpt_pipeline.release.decide import decide as judge
from cpt_pipeline.release.decide import describe_release, summarise
from cpt_pipeline.release.evidence import read_evidence
from cpt_pipeline.release.params import DecideParams
from cpt_pipeline.training.params import TrainParams

Record = dict[str, Any]


def decide(
    scores: Record,
    base_model: Path,
    candidates: Path,
    dedup_metrics: Record,
    mix_metrics: Record,
    params: DecideParams,
    channels: ChannelsParams,
    mix: MixParams,
    stage1: TrainParams,
    dedup: DedupParams,
    evaluate: EvaluateParams,
) -> tuple[Record, Record, Record, Record]:
    """Promote, hold or roll back by the scores; the method is in release.decide."""
    key = size_key(mix)
    settings = {
        "stage1.optimizer.peak_lr": stage1.optimizer.peak_lr,
        "mix.domain_share": mix.domain_share,
        key: mix.stage1.num_tokens or mix.stage1.passes or 0,
    }
    evidence = read_evidence(
        dedup_metrics,
        mix_metrics,
        max_evaluated=evaluate.documents_per_channel,
        max_heldout=dedup.heldout_documents_per_channel,
        max_heldout_share=dedup.heldout_max_share,
        size_key=key,
        max_passes=mix.max_passes,
    )
    inputs: dict[str, Input] = {
        "scores": scores,
        "base_model": base_model,
        "candidates": candidates,
        "dedup_metrics": dedup_metrics,
        "mix_metrics": mix_metrics,
    }
    used = {
        "decide": params,
        "channels": channels,
        "mix": mix,
        "stage1": stage1,
        "dedup": dedup,
        "evaluate": evaluate,
    }
    with workspace("decide", inputs, used) as work:
        decision = judge(scores, params, channels, settings, evidence)
        release = describe_release(decision, scores, base_model, candidates)
        return summarise(decision).as_metrics(), work.provenance(), decision.as_metrics(), release
