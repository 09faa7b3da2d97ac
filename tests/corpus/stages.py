"""The data stages as tests call them: one worker, and every licence accepted, unless a test says otherwise."""

from __future__ import annotations

from pathlib import Path

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport, CleanRunParams
from cpt_pipeline.corpus.clean.stage import clean_documents as clean_with
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams, CollectReport
from cpt_pipeline.corpus.collect.stage import collect_documents as collect_with
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupReport, DedupRunParams
from cpt_pipeline.corpus.dedup.stage import dedup_documents as dedup_with
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import SuiteParams

ONE_WORKER = EngineParams(workers=1)
EVERY_LICENSE = LicensePolicyParams()
CHANNELS = ChannelsParams(roles={"domain": "domain", "zh": "domain", "en": "general", "code": "general"})


def collect_documents(
    out: Path,
    params: CollectParams,
    channels: ChannelsParams,
    suite: SuiteParams,
    policy: LicensePolicyParams = EVERY_LICENSE,
    run: EngineParams = ONE_WORKER,
) -> CollectReport:
    return collect_with(out, params, channels, suite, policy, run)


def clean_documents(
    raw: Path, out: Path, params: CleanParams, run: EngineParams = ONE_WORKER, channels: ChannelsParams = CHANNELS
) -> CleanReport:
    given = run if isinstance(run, CleanRunParams) else CleanRunParams.model_validate(run.model_dump())
    return clean_with(raw, out, params, channels, given)


def dedup_documents(
    documents: Path,
    benchmark_texts: Path,
    out: Path,
    params: DedupParams,
    run: EngineParams = ONE_WORKER,
    channels: ChannelsParams = CHANNELS,
) -> DedupReport:
    given = run if isinstance(run, DedupRunParams) else DedupRunParams.model_validate(run.model_dump())
    return dedup_with(documents, benchmark_texts, out, params, channels, given)
