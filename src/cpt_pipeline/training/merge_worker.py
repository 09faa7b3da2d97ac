"""The process that links or merges candidates and checks each one from disk."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from cpt_pipeline.core.artifact import MANIFEST, link_tree, require_whole, seal, write_json
from cpt_pipeline.core.errors import TrainingFailedError, find_fault
from cpt_pipeline.core.last_words import leave_last_words
from cpt_pipeline.core.process import die_with_parent
from cpt_pipeline.formats.candidates import Candidate, write_list
from cpt_pipeline.formats.models import TOKENIZER_FILES, resolve
from cpt_pipeline.model.load import load_causal_lm, load_nf4_causal_lm
from cpt_pipeline.model.weights import load_adapter
from cpt_pipeline.training.heldout import evaluating
from cpt_pipeline.training.job import EXIT
from cpt_pipeline.training.merge import Gap, MergeJob, MergeParams, MergeReport, MergeSource
from cpt_pipeline.training.probe import PROBE, Answers, Probe, answers, read_probe

logger = logging.getLogger(__name__)
_DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}


def merge(job: MergeJob) -> MergeReport:
    """Write every candidate below `job.out`, verify and seal them."""
    job.out.mkdir(parents=True)
    base = resolve(job.start_model)
    dtype = torch.float32 if job.params.dtype == "float32" else stored_dtype(base)
    merged, found = 0, {}
    for source in job.sources:
        if (source.folder / "adapter_config.json").is_file():
            require_whole(source.folder)
            expected = _merge_adapter(base, source, job.out / source.name, dtype, job.params)
            merged += 1
        else:
            expected = _write_whole(source, job.out / source.name, dtype)
        found[source.name] = _check(job.out / source.name, expected, read_probe(source.folder), dtype, job.params)
        difference, _, gap = found[source.name]
        logger.info(
            "merge      %s: largest logit difference %.1e; %.1e (%+.4f nats a token) from the model as trained (%s)",
            *(source.name, difference, gap.max_logit, gap.nats, gap.trained_in),
        )
    report = MergeReport(
        candidates=tuple(source.name for source in job.sources),
        merged_adapters=merged,
        dtype=_name(dtype),
        max_logit_difference={name: difference for name, (difference, _, _) in found.items()},
        allowed_logit_difference={name: limit for name, (_, limit, _) in found.items()},
        gap={name: gap for name, (_, _, gap) in found.items()},
    )
    write_list(
        job.out,
        (
            Candidate(each.name, folder=each.name, stage=each.stage, step=each.step, tokens=each.tokens)
            for each in job.sources
        ),
    )
    write_json(job.out / "merge.json", report.as_metrics())
    seal(job.out, "candidates")
    return report


def _write_whole(source: MergeSource, target: Path, dtype: torch.dtype) -> Answers:
    """Link whole weights, or write them in another number format; return what was trained."""
    if stored_dtype(source.folder) == dtype:
        link_tree(source.folder, target, skip=(MANIFEST, PROBE))
    else:
        _save(load_causal_lm(source.folder), source, target, dtype)
    probe = read_probe(source.folder)
    return probe.exact or probe.trained


def _merge_adapter(base: Path, source: MergeSource, target: Path, dtype: torch.dtype, params: MergeParams) -> Answers:
    """Merge one adapter in fp32; return what was trained, or base + adapter in fp32 where that was in fewer bits."""
    probe = read_probe(source.folder)
    if probe.exact is None:
        _check_adapter(base, source, probe, params)
    adapted: Any = load_adapter(load_causal_lm(base), source.folder)
    expected = probe.exact or answers(adapted.eval(), probe.input_ids, torch.device("cpu"))
    _save(adapted.merge_and_unload(safe_merge=True), source, target, dtype)
    link_tree(source.folder, target / "adapter", skip=(MANIFEST, PROBE, *TOKENIZER_FILES))
    return expected


def _check_adapter(base: Path, source: MergeSource, probe: Probe, params: MergeParams) -> None:
    """Put the adapter from disk on the base as it was held in training; it must answer as it did then."""
    device = torch.device(probe.device if torch.cuda.is_available() else "cpu")
    whole = (
        load_nf4_causal_lm(base, device) if probe.held == "nf4" else load_causal_lm(base, dtype=probe.held).to(device)
    )
    adapted = load_adapter(whole, source.folder)
    with evaluating(adapted):
        found = answers(adapted, probe.input_ids, device, autocast=probe.autocast)
    _require_close(source.name, found, probe.trained, _allowed(probe.trained, params))


def _save(model: Any, source: MergeSource, target: Path, dtype: torch.dtype) -> None:
    model.config.use_cache = True
    model.to(dtype).save_pretrained(target, safe_serialization=True)
    for name in TOKENIZER_FILES:
        if (source.folder / name).is_file():
            (target / name).write_bytes((source.folder / name).read_bytes())


def _check(
    folder: Path, expected: Answers, probe: Probe, dtype: torch.dtype, params: MergeParams
) -> tuple[float, float, Gap]:
    """Load a candidate as a stranger would and compare its answers; return difference, limit and gap."""
    found = answers(load_causal_lm(folder), probe.input_ids, torch.device("cpu"))
    expected_in_fp32 = probe.exact is not None or expected is not probe.trained
    strict = dtype == torch.float32 and expected_in_fp32
    limit = params.max_logit_difference if strict else _allowed(expected, params)
    difference = _require_close(folder.name, found, expected, limit)
    gap = found.logits - probe.trained.logits
    return (
        difference,
        limit,
        Gap(
            trained_in=probe.held if probe.held == "nf4" or not probe.autocast else "bfloat16",
            max_logit=float(gap.abs().max()),
            mean_logit=float(gap.abs().mean()),
            nats=float((found.nats - probe.trained.nats).mean()),
        ),
    )


def _allowed(expected: Answers, params: MergeParams) -> float:
    return params.max_logit_share * float(expected.logits.abs().max())


def _require_close(name: str, found: Answers, expected: Answers, limit: float) -> float:
    difference = float((found.logits - expected.logits).abs().max())
    if not difference <= limit:
        raise TrainingFailedError(
            f"{name}: its logits differ by {difference:.2e} from what was trained; merge.max_logit_difference and "
            f"merge.max_logit_share allow {limit:.1e}"
        )
    return difference


def stored_dtype(folder: Path) -> torch.dtype:
    """Return the number format of most weights of a model folder; fp32 when it is none that a model is published in."""
    counts: Counter[str] = Counter()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as stored:
            for name in stored.keys():  # noqa: SIM118
                part = stored.get_slice(name)
                counts[part.get_dtype()] += prod(part.get_shape())
    return _DTYPES.get(counts.most_common(1)[0][0], torch.float32)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def main() -> int:
    """Run the job named on the command line."""
    die_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    path = Path(sys.argv[1])
    try:
        merge(MergeJob.model_validate_json(path.read_text(encoding="utf-8")))
    except Exception as error:
        fault = find_fault(error)
        if fault is None:
            raise
        return leave_last_words(path.with_name(EXIT), fault)
    return 0


if __name__ == "__main__":
    sys.exit(main())
