"""What the README tells people to type for their own model and text works as it stands there."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pytest
import yaml

from cpt_pipeline.vocabulary.tokenizer import train_bpe
from tests.formats.tiny_models import save_tiny
from tests.project import Project

ROOT = Path(__file__).parents[1]
YAML = re.compile(r"```yaml\n# (conf/mine/\S+)\n(.*?)```", re.DOTALL)
BASH = re.compile(r"```bash\n(kedro run --pipeline=cpt --env=mine\n.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(from transformers.*?)```", re.DOTALL)
SHORTEST, LONGEST = 400, 1200
"""Characters of a text."""
_DOMAIN_DOCUMENTS = 420
_PARAGRAPHS = 4


def read_blocks(page: str) -> dict[str, str]:
    """Return the files that a page tells people to write."""
    return dict(YAML.findall((ROOT / page).read_text(encoding="utf-8")))


def domain_texts() -> Iterator[str]:
    """Return the documentation of numpy's functions: about a technical domain, and on every machine."""
    for package in (np, np.linalg, np.fft, np.random, np.ma, np.polynomial.polynomial, np.lib.stride_tricks, np.char):
        for name in sorted(vars(package)):
            text = inspect.getdoc(getattr(package, name)) or ""
            if not name.startswith("_") and len(text) > SHORTEST:
                yield text[:LONGEST]


def english_texts() -> Iterator[str]:
    """Return prose of Python's language reference and of the descriptions of the packages that are installed."""
    described = (each.metadata.get_payload() or "" for each in distributions())
    for text in (*(topics[name] for name in sorted(topics)), *sorted(map(str, described))):
        prose = [paragraph for paragraph in text.split("\n\n") if _is_prose(paragraph)]
        for start in range(0, len(prose), _PARAGRAPHS):
            yield "\n\n".join(prose[start : start + _PARAGRAPHS])


def _is_prose(paragraph: str) -> bool:
    words = paragraph.split()
    return len(words) > 15 and sum(word.strip(".,;:()").isalpha() for word in words) > 0.9 * len(words)


def write_own_text(place: Path) -> None:
    """Lay texts out as the README's folders."""
    for index, text in enumerate(list(dict.fromkeys(domain_texts()))[:_DOMAIN_DOCUMENTS]):
        (place / "handbook").mkdir(parents=True, exist_ok=True)
        (place / "handbook" / f"{index:03}.txt").write_text(text, encoding="utf-8")
    (place / "wiki").mkdir()
    lines = "".join(
        json.dumps({"text": text}) + "\n" for text in dict.fromkeys(english_texts()) if len(text) > SHORTEST
    )
    (place / "wiki" / "a.jsonl").write_text(lines, encoding="utf-8")
    (place / "code").mkdir()
    for path in sorted(Path(json.__file__).parents[1].glob("*.py"))[:60]:
        shutil.copyfile(path, place / "code" / path.name)


def write_own_model(text: Path, folder: Path) -> None:
    """Save a model of a few thousand weights that reads rows of 1,024 tokens."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((text / "handbook").glob("*.txt"))]
    train_bpe(iter(texts), folder, 1024)
    ids = len(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])
    save_tiny("llama", folder, vocab_size=ids, max_position_embeddings=1024, bos_token_id=None, pad_token_id=None)


def test_both_languages_write_the_same_conf() -> None:
    english, chinese = (
        {name: yaml.safe_load(text) for name, text in read_blocks(page).items()}
        for page in ("README.md", "README.zh-CN.md")
    )
    assert len(english) == 8
    assert chinese == english


@pytest.mark.long
@pytest.mark.feature(7)
def test_the_snippets_for_ones_own_model_and_text_run_as_they_stand(house_template: Path, tmp_path: Path) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    project = Project(Path(shutil.copytree(house_template, tmp_path / "project")))
    write_own_text(tmp_path / "text")
    write_own_model(tmp_path / "text", tmp_path / "models" / "Qwen2.5-0.5B")
    for name, text in read_blocks("README.md").items():
        project.write(name, text.replace("/text/", f"{tmp_path}/text/").replace("/models/", f"{tmp_path}/models/"))
    (commands,) = BASH.findall(page)
    run, adopt = (line.partition("#")[0].strip() for line in commands.splitlines())
    said = project.succeed(*run.split())
    for command in adopt.split(" && "):
        project.succeed(*command.split())

    mix = json.loads((project.path / "data/mine/08_reporting/mix_metrics.json").read_text(encoding="utf-8"))
    assert mix["stage1"]["channels"].keys() == {"code", "domain", "en"}
    domain = mix["stage1"]["channels"]["domain"]
    per_step = 1024 * 16
    assert mix["stage1"]["steps"] == int(domain["available_tokens"] * 1 / 0.2 / per_step)
    assert domain["passes"] == pytest.approx(1.0, abs=0.08)
    assert mix["stage2"]["steps"] == int(domain["available_tokens"] * 0.25 / 0.2 / per_step)
    assert re.search(r"Verdict: (promote|hold|roll back)", said)

    pointer = json.loads((project.path / "data/mine/09_releases/current.json").read_text(encoding="utf-8"))
    if pointer["release"]:
        assert f"Model:   data/mine/09_releases/{pointer['release']}/model" in said
        (snippet,) = PYTHON.findall(page)
        project.succeed(sys.executable, "-c", snippet.replace("<id>", pointer["release"]))
