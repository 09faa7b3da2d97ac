"""The process that links or merges candidates and checks each one from disk."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import torch

from cpt_pipeline.core.artifact import MANIFEST, link_tree, require_whole, seal, write_json
from cpt_pipeline.core.errors import CptError, TrainingFailedError
from cpt_pipeline.core.process import die_with_parent
from cpt_pipeline.formats.candidates import Candidate, write_list
from cpt_pipeline.formats.models import TOKENIZER_FILES, resolve
from cpt_pipeline.model.load import load_causal_lm
from cpt_pipeline.training.merge import MergeJob, MergeReport, MergeSource

logger = logging.getLogger(__name__)
_PROBE_TOKENS = 64


def merge(job: MergeJob) -> MergeReport:
    """Write every candidate below `job.out`, verify and seal them."""
    job.out.mkdir(parents=True)
    differences, merged = {}, 0
    for source in job.sources:
        target = job.out / source.name
        if (source.folder / "adapter_config.json").is_file():
            require_whole(source.folder)
            expected = _merge_adapter(resolve(job.start_model), source, target)
            merged += 1
        else:
            link_tree(source.folder, target)
            expected = _logits(load_causal_lm(source.folder))
        differences[source.name] = _check(target, expected, job.params.max_logit_difference)
        logger.info("merge      %s: largest logit difference %.1e", source.name, differences[source.name])
    report = MergeReport(
        candidates=tuple(source.name for source in job.sources),
        merged_adapters=merged,
        max_logit_difference=differences,
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


def _merge_adapter(base: Path, source: MergeSource, target: Path) -> torch.Tensor:
    """Merge one adapter in fp32; give the logits of base + adapter."""
    from peft import PeftModel

    adapted: Any = PeftModel.from_pretrained(load_causal_lm(base), str(source.folder)).eval()
    expected = _logits(adapted)
    whole = adapted.merge_and_unload(safe_merge=True)
    whole.config.use_cache = True
    whole.save_pretrained(target, safe_serialization=True)
    link_tree(source.folder, target / "adapter", skip=(MANIFEST, *TOKENIZER_FILES))
    for name in TOKENIZER_FILES:
        if (source.folder / name).is_file():
            (target / name).write_bytes((source.folder / name).read_bytes())
    return expected


def _check(folder: Path, expected: torch.Tensor, limit: float) -> float:
    """Load a candidate as a stranger would and compare its logits."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, trust_remote_code=False, local_files_only=True
    ).eval()
    difference = float((_logits(model) - expected).abs().max())
    if not difference <= limit:
        raise TrainingFailedError(
            f"{folder.name}: its logits differ by {difference:.2e} from what was trained; "
            f"merge.max_logit_difference is {limit:.0e}"
        )
    return difference


@torch.no_grad()
def _logits(model: Any) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, model.config.vocab_size, (2, _PROBE_TOKENS), generator=generator)
    logits: torch.Tensor = model(input_ids=ids, use_cache=False).logits
    return logits


def main() -> int:
    """Run the job named on the command line."""
    die_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        merge(MergeJob.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8")))
    except CptError as error:
        logger.error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
