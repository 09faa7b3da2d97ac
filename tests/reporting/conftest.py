"""Artifacts of a finished run, in the shapes the stages write."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cpt_pipeline.reporting.reading import STAGES

CHANNELS = {"domain": 402.0, "en": 236.0, "code": 176.0}
ROLES = {"domain": "domain", "en": "general", "code": "general"}


def _log(
    start: dict[str, float], end: dict[str, float], steps: int, tokens_per_step: int = 4096
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for step in range(steps + 1):
        share = 1.0 - math.exp(-4.0 * step / steps)
        perplexity = {name: start[name] * (end[name] / start[name]) ** share for name in start}
        if step % 25 == 0 or step == steps:
            channels = {
                name: {"loss": math.log(value), "perplexity": value, "bits_per_byte": math.log2(value) / 3.1}
                for name, value in perplexity.items()
            }
            rows.append({"kind": "heldout", "step": step, "tokens": step * tokens_per_step, "channels": channels})
        if step < steps:
            losses = {name: math.log(value) + 0.1 * math.sin(7.0 * step) for name, value in perplexity.items()}
            rows.append(
                {"kind": "train", "step": step + 1, "tokens": (step + 1) * tokens_per_step, "learning_rate": 1e-3,
                 "loss": sum(losses.values()) / 3, "gradient_norm": 0.8, "channel_loss": losses, "seconds": 0.41}
            )  # fmt: skip
    return rows


def _provenance(stage: str, number: int) -> dict[str, Any]:
    digest = f"{number:x}a7c19f2e3b4d5c6" * 2
    return {
        "stage": stage,
        "params": {"decide": {}, "mix": {"domain_share": 0.5}, "stage1": {"optimizer": {"peak_lr": 1.0e-3}}},
        "inputs": {"tokens": digest[::-1], "start_model": digest},
        "outputs": {f"{stage}_model": digest},
        "code": {"commit": "0123456789abcdef", "changed_files": 0, "digest": digest},
        "versions": {"python": "3.11.7", "torch": "2.13.0", "deepspeed": "not installed"},
        "machine": {"platform": "Linux-6.1-x86_64", "processors": 2},
        "started": f"2026-11-20T20:{number:02}:11+00:00",
        "seconds": 3.5 * (number + 1),
    }


def _training(steps: int, seconds: float, heldout: dict[str, float]) -> dict[str, Any]:
    return {
        "steps": steps, "tokens": steps * 4096, "seconds": seconds, "tokens_per_second": steps * 4096 / seconds,
        "loss_first": 6.01, "loss_last": 4.87, "skipped_steps": [], "resumed_from": [],
        "heldout": {name: {"perplexity": value} for name, value in heldout.items()},
    }  # fmt: skip


def _check(channel: str, point: float, low: float, high: float) -> dict[str, Any]:
    gain = ROLES[channel] == "domain"
    return {
        "channel": channel, "role": ROLES[channel], "quantity": "gain" if gain else "rise",
        "point": point, "low": low, "high": high, "limit": 0.15 if gain else 0.02, "passed": True,
        "words": f"Channel {channel} ({ROLES[channel]}) is as it should be.",
    }  # fmt: skip


def _scores() -> dict[str, Any]:
    bits = {
        "base": {"domain": 2.8911, "en": 2.2412, "code": 2.0133},
        "stage1-step-000100": {"domain": 2.3712, "en": 2.2410, "code": 2.0101},
        "stage1": {"domain": 2.2604, "en": 2.2331, "code": 2.0007},
        "stage2": {"domain": 2.1837, "en": 2.2209, "code": 1.9925},
    }
    steps = {
        "base": ("base", 0),
        "stage1-step-000100": ("stage1", 100),
        "stage1": ("stage1", 147),
        "stage2": ("stage2", 37),
    }
    comparisons = {
        name: {
            "channels": {
                channel: {"relative_change": ratio - 1, "low": ratio - 1.011, "high": ratio - 0.99}
                for channel, ratio in ((channel, value / bits["base"][channel]) for channel, value in channels.items())
            }
        }
        for name, channels in bits.items() if name != "base"
    }  # fmt: skip
    models = {
        name: {
            "stage": steps[name][0], "step": steps[name][1],
            "channels": {
                channel: {"bits_per_byte": value, "perplexity": 2 ** (3.1 * value), "documents": 150, "bytes": 221_000}
                for channel, value in channels.items()
            },
            "benchmarks": {"probes": {"accuracy": 0.4333 if name == "stage2" else 0.3667, "items": 30}},
        }
        for name, channels in bits.items()
    }  # fmt: skip
    prompts = ["Compute the singular value decomposition of", "Parameters\n----------\nx : array_like\n    "]
    continuations = {
        "base": " the string is a string of the string.\n\nIf the string is a string, the string is",
        "stage1-step-000100": " a matrix.", "stage1": " a matrix of the data.",
        "stage2": " a matrix.\n\nParameters\n----------\na : array_like\n    Input array of shape (n, m) <b>bold</b>.",
    }  # fmt: skip
    samples = [{"prompt": prompt, "continuations": continuations} for prompt in prompts]
    return {"models": models, "comparisons": comparisons, "samples": samples, "confidence": 0.95}


def _decision() -> dict[str, Any]:
    checks = [
        _check("code", -0.0103, -0.02, -0.0003),
        _check("domain", 0.2447, 0.2347, 0.2557),
        _check("en", -0.0091, -0.02, 0.001),
    ]
    interval = "(95% interval over 40 documents: -2.0% to 0.0%); at most 2.0% more is allowed."
    reasons = [
        "stage2 is promoted: all 3 checks passed.",
        f"Channel code (general) was kept: bits per byte fell by 1.0% {interval}",
        "Channel domain (domain) was learnt: bits per byte fell by 24.5%; at least 15.0% less is asked.",
        f"Channel en (general) was kept: bits per byte fell by 0.9% {interval}",
    ]
    return {
        "verdict": "promote",
        "candidate": "stage2",
        "model": "stage2",
        "reasons": reasons,
        "checks": checks,
        "remedy": {},
        "remedy_command": "",
    }


def _variety(score: float) -> dict[str, Any]:
    return {"documents": 256, "vendi_score": score, "mean_cosine": 0.1732, "largest_group": 0.0117, "words": 20_000,
            "distinct_2": 0.6485, "pair_entropy": 13.14, "effective_sources": 1.15, "effective_categories": 1.404,
            "effective_languages": 1.0}  # fmt: skip


def _corpus() -> dict[str, Any]:
    def amounts(scale: float) -> dict[str, Any]:
        return {name: {"documents": round(900 * scale), "bytes": round(4_000_000 * scale)} for name in ROLES}

    return {
        "collect_metrics": {
            "records_in": 2741, "documents": 2700, "bytes": 12_000_000, "excluded": {"empty": 30, "too_long": 11},
            "channels": amounts(1.0), "licenses": {"PSF-2.0": 1800, "BSD-3-Clause": 900},
            "license_bytes": {"PSF-2.0": 9_000_000, "BSD-3-Clause": 3_000_000}, "undated": 12,
            "formats": {"md": {"records": 41, "tables": 7, "bad_bytes": 3, "bad_dates": 2}, "txt": {"records": 15}},
            "encodings": {"utf-8": 50, "gb18030": 6},
            "sources": {
                "python-topics": {"channel": "en", "records_in": 920, "documents": 900, "bytes": 4_000_000,
                                  "excluded": {"empty": 20}, "licenses": {"PSF-2.0": 900}},
                "science-docstrings": {"channel": "domain", "records_in": 921, "documents": 900, "bytes": 4_000_000,
                                       "excluded": {"empty": 10, "too_long": 11}, "licenses": {"BSD-3-Clause": 900},
                                       "dialogues": {"unit": "linked", "records": 4012, "documents": 900,
                                                     "conversations": 1903, "turns": 4001, "left_out": 11}},
            },
            "benchmark_items": {"probes": 30},
        },
        "clean_metrics": {
            "records_in": 2700, "documents": 2611, "bytes": 11_500_000, "excluded": {"too_short": 61, "symbols": 28},
            "excluded_by_channel": {"domain": {"too_short": 40}, "en": {"too_short": 21, "symbols": 28}},
            "rules": {
                "domain": {"textbook": {
                    "judged": {"documents": 913, "characters": 4_000_000},
                    "excluded": {"too_short": {"documents": 40, "characters": 2_000}},
                    "counted": {"c4_curly_bracket": {"documents": 12, "characters": 1_000_000},
                                "gopher_short_doc": {"documents": 3, "characters": 4_000}},
                    "counted_together": {"documents": 14, "characters": 1_002_000},
                    "unread": {"gopher_enough_stop_words": 700},
                }},
            },
            "channels": amounts(0.97), "mean_quality": {"domain": 0.61},
            "counts": {"normalise/unicode_nfc": 41, "normalise/line_ends": 3, "noise/adverts": 9,
                       "noise/adverts_characters": 410, "personal_data/id_card": 2, "personal_data/email": 5},
            "languages": {"domain": {"zh": 700, "en": 150, "ja": 20, "ko": 2, "fr": 1}, "en": {"en": 873}},
            "categories": {"domain": {"textbook": 800, "none": 73}},
            "lengths": {"domain": [0, 0, 0, 0, 0, 0, 300, 400, 173], "en": [0, 0, 0, 0, 0, 0, 0, 0, 0, 873]},
            "qualities": {"domain": [0] * 10 + [873] + [0] * 9},
            "phrases": {"python-topics": [
                {"text": "See also\n the  manual", "documents": 90, "share": 0.1, "removed": True, "example": "t/1"},
                {"text": "\u89c1\u4e0a", "documents": 45, "share": 0.05, "removed": False, "example": "t/2"},
            ]},
            "dialogues": {"linked": {"dialogues": 900, "turns": 4001, "kept": 873,
                                     "density_before": 0.41251, "density_after": 0.5}},
            "stock_replies": {"science-docstrings": [
                {"text": "\u8bf7\u7a0d\u7b49", "documents": 270, "share": 0.3, "removed": True, "example": "d/1"},
            ]},
        },
        "dedup_metrics": {
            "records_in": 2611, "documents": 2011, "bytes": 9_000_000, "heldout_documents": 450,
            "excluded": {"exact": 21, "near": 101, "near_heldout": 27, "benchmark": 1}, "channels": amounts(0.75),
            "heldout_channels": amounts(0.17), "clusters": 44, "largest_cluster": 9,
            "excluded_by_channel": {"en": {"exact": 21}}, "min_similarity": 0.8,
            "leaks": {"documents": 3, "passages": 4, "characters": 1700},
            "passages": {"documents": 31, "units": 77, "characters": 5120},
            "curve": [{"min_similarity": 0.9, "documents": 2200, "characters": 10_000_000},
                      {"min_similarity": 0.8, "documents": 2100, "characters": 9_500_000}],
            "benchmarks": {"probes": {"items": 30, "unguarded_items": 12, "found_items": 1, "documents": 1,
                                      "trimmed_documents": 3}},
            "coverage": {
                "lists": {"anatomy": {"terms": 15, "covered": 12, "documents": {"domain": 300, "en": 7},
                                      "listed": ["vein"], "term_documents": {"domain": [40], "en": [7]},
                                      "gaps": ["尺神经", "spleen", "vena cava"]}},
                "topics": {"probes/english": {"terms": 40, "covered": 10,
                            "covered_by_all": 38, "items": 10, "items_without_terms": 1, "gap_items": 2,
                            "gap_items_by_all": 1, "listed": ["loud"], "term_documents": {"en": [9]},
                            "gaps": [{"item": "e-1", "missing": ["loud", "cold"], "general": True},
                                     {"item": "e-2", "missing": ["iron"], "general": False}]}},
            },
            "semantic": {"embedding": "hashed", "min_cosine": 0.75, "vectors": 2500, "clusters": 1,
                         "largest_cluster": 2500, "divided_clusters": 0, "compared_pairs": 3_123_750, "pairs": 70,
                         "excluded": 61, "excluded_for_heldout": 2,
                         "curve": [{"min_cosine": 0.75, "documents": 2439, "characters": 9_000_000},
                                   {"min_cosine": 0.9, "documents": 2490, "characters": 9_400_000}]},
            "diversity": {"embedding": "hashed", "dimensions": 256,
                          "channels": {"domain": _variety(66.23), "en": _variety(85.24)}, "whole": _variety(77.9)},
        },
    }  # fmt: skip


def _use(stage: str) -> dict[str, Any]:
    tokens = {"stage1": 602_112, "stage2": 151_552}[stage]
    shares = {"domain": 0.5, "en": 0.25, "code": 0.25}
    channels = {
        name: {"share": share, "tokens": round(tokens * share), "available_tokens": 410_000,
               "passes": tokens * share / 410_000, "documents": 611}
        for name, share in shares.items()
    }  # fmt: skip
    return {
        "steps": tokens // 4096, "tokens": tokens, "channels": channels,
        "uses": {"any": {"documents": 1800, "tokens": tokens - 40_000},
                 "stage1_only": {"documents": 33, "tokens": 40_000}},
        "synthetic": {"questions": {"documents": 12, "tokens": 9_000}},
        "unused": {"domain": {"sft_source": {"documents": 4, "tokens": 5_100}},
                   "en": {"category": {"documents": 64, "tokens": 7}}},
    }  # fmt: skip


@pytest.fixture
def artifacts() -> dict[str, Any]:
    """A promoted run of two stages on three channels."""
    middle = {"domain": 160.0, "en": 240.0, "code": 178.0}
    end = {"domain": 131.0, "en": 233.0, "code": 171.0}
    split = {name: {"documents": 675, "tokens": 410_000, "bytes": 3_000_000} for name in ROLES}
    return {
        **{f"{stage}_provenance": _provenance(stage, number) for number, stage in enumerate(STAGES)},
        **_corpus(),
        "base_metrics": {"kind": "scratch", "name": None, "training": _training(293, 121.0, CHANNELS)},
        "tokenizer_metrics": {"extended": False, "vocabulary_size": 4096, "channels": {}},
        "tokenize_metrics": {"vocabulary_size": 4096, "train": split, "heldout": split},
        "mix_law_metrics": {"enabled": False},
        "mix_metrics": {"domain_share": 0.5, "stage1": _use("stage1"), "stage2": _use("stage2")},
        "plan_metrics": {
            "parameters": 2_400_000, "tokens": {"stage1": 602_112, "stage2": 151_552}, "device": "1 x two CPU cores",
            "memory_gb": {"low": 0.21, "high": 0.9}, "seconds": {"low": 36.2, "high": 361.7},
            "money": {"low": 0.0005, "high": 0.005}, "currency": "USD", "energy_kwh": {"low": 0.0008, "high": 0.0085},
            "carbon_kg": {"low": 0.0004, "high": 0.0038}, "disk_gb": {"low": 0.05, "high": 0.2},
        },
        "stage1_metrics": _training(147, 60.3, middle),
        "stage2_metrics": _training(37, 15.2, end),
        "merge_metrics": {
            "candidates": ["stage1-step-000100", "stage1", "stage2"],
            "merged_adapters": 3,
            "dtype": "bfloat16",
            "gap": {
                name: {"trained_in": "nf4", "max_logit": 3.25, "mean_logit": 0.41, "nats": 0.012}
                for name in ("stage1-step-000100", "stage1", "stage2")
            },
        },
        "evaluate_metrics": {"models": 4, "documents": {"domain": 150, "en": 150, "code": 150}},
        "decide_metrics": {"promoted": 1, "rolled_back": 0, "checks": 3, "checks_passed": 3},
        "base_log": _log({"en": 4096.0, "code": 4096.0}, {"en": 236.0, "code": 176.0}, 293),
        "stage1_log": _log(CHANNELS, middle, 147),
        "stage2_log": _log(middle, end, 37),
        "scores": _scores(),
        "decision": _decision(),
        "permit": {"stages": {"stage1": True, "stage2": True}, "reasons": []},
    }  # fmt: skip


@pytest.fixture
def scorer_metrics() -> dict[str, Any]:
    """What clean says of a scorer whose labels were asked for."""
    tenths: list[Any] = [None] * 10
    tenths[1] = {"labels": 40, "mean_score": 0.14, "mean_label": 0.2}
    tenths[8] = {"labels": 60, "mean_score": 0.86, "mean_label": 0.8}
    judged = {"labels": 100, "good": 56, "auc": 0.8931, "auc_interval": [0.8402, 0.9411], "spearman": None}
    border = {"channel": "en", "category": None, "border": 0.4123, "scored": 800, "kept": 480}
    return {
        "kind": "linear",
        "labels": 500,
        "asked": {"asked": 520, "failed": 3, "without_mark": 17},
        "evaluation": {**judged, "calibration": tenths},
        "scored": {"en": 800, "domain": 100},
        "unscored": {"code": {"strong_format": 90}, "en": {"strong_format": 4}},
        "scores": {"en": [400, 400], "domain": [0, 100]},
        "borders": [border, {**border, "category": "news", "border": None, "kept": 800}],
    }
