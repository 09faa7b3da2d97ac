"""The base model of a run: found (folder or hub), or trained from scratch on the general channels.

A found model is referenced by name and digest and not copied. The scratch base is the embedded default: it
needs no network, and its forgetting is real because the general channels are all it knows.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.inputs import HubName, HubParams
from cpt_pipeline.core.params import Params, Report, Seed
from cpt_pipeline.core.workspace import Workspace
from cpt_pipeline.formats.documents import read_documents
from cpt_pipeline.formats.model_facts import read_facts
from cpt_pipeline.formats.models import find_model, write_reference
from cpt_pipeline.mixture.params import MixStageParams
from cpt_pipeline.mixture.plan import mix_channels
from cpt_pipeline.mixture.quota import channel_shares
from cpt_pipeline.model.roles import Cast, require_fit
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from cpt_pipeline.training.supervisor import TrainReport, train
from cpt_pipeline.vocabulary.fit import check_ids
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import tokenize_splits
from cpt_pipeline.vocabulary.tokenizer import END_OF_TEXT, load, train_bpe


class LlamaShape(Params):
    """Shape of the scratch model: RoPE, grouped-query attention, RMSNorm, SwiGLU, tied embeddings."""

    hidden_size: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)
    num_layers: int = Field(gt=0)
    num_heads: int = Field(gt=0)
    num_kv_heads: int = Field(gt=0)
    max_positions: int = Field(default=512, gt=0)

    @model_validator(mode="after")
    def _heads_divide(self) -> LlamaShape:
        if self.hidden_size % self.num_heads or self.num_heads % self.num_kv_heads:
            raise ValueError("hidden_size must be a multiple of num_heads, and num_heads of num_kv_heads")
        if (size := self.hidden_size // self.num_heads) % 2:
            raise ValueError(
                f"hidden_size / num_heads is {size}, and rotary positions turn pairs of numbers: it must be even"
            )
        return self


class ScratchParams(Params):
    """How the embedded base is trained."""

    vocabulary_size: int = Field(gt=300)
    shape: LlamaShape
    sequence_length: int = Field(ge=8)
    rows_per_step: int = Field(gt=0)
    data: MixStageParams
    """Tokens, and weights among the general channels."""
    training: TrainParams
    seed: Seed = 0

    @model_validator(mode="after")
    def _size_is_a_number(self) -> ScratchParams:
        if self.data.num_tokens is None:
            raise ValueError("base.scratch.data.num_tokens must be a number: a scratch base reads no domain text")
        return self


class BaseParams(HubParams):
    """`base:` in conf: which model to continue from."""

    kind: Literal["scratch", "pretrained"]
    name: HubName | None = None
    """pretrained: a model folder (with /, ./ or ~), or a hub name like Qwen/Qwen2.5-7B with `revision`."""
    scratch: ScratchParams | None = None

    @model_validator(mode="after")
    def _complete(self) -> BaseParams:
        if self.kind == "pretrained" and not self.name:
            raise ValueError("base.kind is pretrained, so base.name must be a model folder or a hub name")
        if self.kind == "scratch" and self.scratch is None:
            raise ValueError("base.kind is scratch, so base.scratch must describe the model")
        return self


class BaseReport(Report):
    """Where the base comes from, and how its training went when there was one."""

    kind: str
    name: str | None
    revision: str | None
    training: TrainReport | None


def make_base(
    unique_documents: Path, work: Workspace, params: BaseParams, channels: ChannelsParams, run: TrainRunParams
) -> tuple[BaseReport, list[dict[str, Any]]]:
    """Write `base_model` into `work.out`; give the report and the training log (empty for a found model)."""
    training: TrainReport | None = None
    log: list[dict[str, Any]] = []
    if params.kind == "pretrained":
        assert params.name is not None
        folder = find_model(params.name, params.revision)
        require_fit(Cast(folder=folder, role="base"), "base.name")
        check_ids(load(folder), read_facts(folder, name=params.name))
        write_reference(work.out / "base_model", folder, name=params.name, revision=params.revision)
    else:
        assert params.scratch is not None
        training, log = train_scratch(unique_documents, work, params.scratch, channels, run)
    return BaseReport(kind=params.kind, name=params.name, revision=params.revision, training=training), log


def train_scratch(
    unique_documents: Path, work: Workspace, params: ScratchParams, channels: ChannelsParams, run: TrainRunParams
) -> tuple[TrainReport, list[dict[str, Any]]]:
    """Train tokenizer and model on the general channels alone.

    Everything before the training is made again at every start (seconds, and the same bytes each time).
    """
    if not channels.general:
        raise ParameterError("base.kind is scratch, but channels.roles has no general channel to train it on")
    made = work.path / "parts"
    shutil.rmtree(made, ignore_errors=True)
    rows = read_documents(unique_documents, ["text", "channel"])
    texts = (row["text"] for row in rows if row["channel"] in channels.general)
    train_bpe(texts, made / "model", params.vocabulary_size)
    _write_config(made / "model", params)
    documents = {"train": unique_documents}
    tokenize_splits(documents, made / "model", made / "tokens", TokenizeParams(), only=channels.general)
    mix_channels(
        made / "tokens",
        made / "mixture",
        channel_shares(channels, 0.0, params.data.weights),
        params.data,
        sequence_length=params.sequence_length,
        rows_per_step=params.rows_per_step,
        seed=params.seed,
    )
    job = TrainJob(
        stage="base",
        digest=work.digest,
        init="random",
        model=made / "model",
        tokens=made / "tokens",
        mixture=made / "mixture",
        work=work.path,
        out=work.path / "trained",
        params=params.training,
        run=run,
    )
    report, log = train(job)
    (work.path / "trained" / "base_model").rename(work.out / "base_model")
    return report, log


def _write_config(folder: Path, params: ScratchParams) -> None:
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    shape = params.shape
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(vocabulary),
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.intermediate_size,
        "num_hidden_layers": shape.num_layers,
        "num_attention_heads": shape.num_heads,
        "num_key_value_heads": shape.num_kv_heads,
        "max_position_embeddings": shape.max_positions,
        "tie_word_embeddings": True,
        "initializer_range": 0.02,
        "bos_token_id": None,
        "eos_token_id": vocabulary[END_OF_TEXT],
        "pad_token_id": None,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
