"""What a model's config.json says of its kind: whether transformers has the class that is wanted, and reads as we do.

A language model that is trained or asked here reads from left to right. transformers makes one of an encoder's weights
too (`BertLMHeadModel`), which sees the token it predicts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import transformers
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from cpt_pipeline.core.errors import UnfitModelError

_TOLD = {
    "AutoModelForCausalLM": "a causal language model",
    "AutoModelForSequenceClassification": "a classifier of texts",
    "AutoModelForTokenClassification": "a classifier of tokens",
    "AutoModel": "an encoder",
}
_ENCODERS = frozenset((*MODEL_FOR_MASKED_LM_MAPPING_NAMES, "bert-generation"))
"""Types that fill gaps, and read from left to right only where their configuration says so."""
_NEVER_CAUSAL = frozenset(("xlnet",))
"""Types whose words are hidden from one another by masks that nobody gives them here."""


def require_kind(auto_class: Any, folder: Path) -> None:
    """Raise `UnfitModelError` when a folder's model is none of the kind that `auto_class` loads, by its config.json."""
    config = read_config(folder)
    wanted = _TOLD[auto_class.__name__]
    named = f"{folder} is of type {config.model_type}{_saved_as(config)}"
    remedy = f"Take a model that was made as {wanted}."
    if type(config) not in auto_class._model_mapping:
        raise UnfitModelError(f"{named}; transformers makes none of this type that is {wanted}. {remedy}")
    if auto_class in (AutoModelForCausalLM, AutoModel) and config.is_encoder_decoder:
        raise UnfitModelError(f"{named}: an encoder and a decoder, one of which would not be read. {remedy}")
    if auto_class is AutoModelForCausalLM and _reads_both_ways(config):
        raise UnfitModelError(
            f"{named}, which reads a text in both directions and so sees the token that it predicts. {remedy}"
        )


def read_config(folder: Path) -> Any:
    """Read the configuration of a folder; `UnfitModelError` when it is of no type or shape that transformers makes."""
    raw, _ = PreTrainedConfig.get_config_dict(folder, local_files_only=True)
    kind = raw.get("model_type")
    if "auto_map" in raw and kind not in CONFIG_MAPPING:
        raise UnfitModelError(
            f"{folder} needs code of its own ({', '.join(map(str, raw['auto_map'].values()))}), and code from a "
            f"model is never run. Take a model whose type ({kind}) transformers knows."
        )
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, StrictDataclassError, ArithmeticError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise UnfitModelError(
            f"{folder}/config.json (model_type: {kind}) describes no model that transformers "
            f"{transformers.__version__} makes: {reason[:300]}. Take the file of these weights, or another model."
        ) from error


def saved_as(config: Any) -> str | None:
    """Return the class that a model's config.json says it was saved as."""
    named = getattr(config, "architectures", None) or [None]
    return str(named[0]) if named[0] else None


def _saved_as(config: Any) -> str:
    name = saved_as(config)
    return f" ({name})" if name else ""


def _reads_both_ways(config: Any) -> bool:
    if config.model_type in _NEVER_CAUSAL:
        return True
    is_causal = getattr(config, "is_decoder", False) or getattr(config, "causal", False)
    return config.model_type in _ENCODERS and not is_causal
