"""What the README tells people to type for their own model and text works as it stands there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pyarrow.dataset as ds
import pytest
import yaml

from tests.project import Project

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```yaml\n# (conf/mine/\S+)\n(.*?)```", re.DOTALL)


def _write_own_text(smoke: Path, place: Path) -> None:
    """Lay the documents of a finished run out as a user's folders."""
    shards = sorted((smoke / "data/smoke/03_primary/unique_documents").glob("*.parquet"))
    rows = ds.dataset([str(shard) for shard in shards]).to_table(columns=["channel", "text"]).to_pylist()
    for folder, channel in (("handbook", "domain"), ("wiki", "en"), ("code", "code")):
        (place / folder).mkdir(parents=True)
        texts = [row["text"] for row in rows if row["channel"] == channel]
        if folder == "wiki":
            lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
            (place / folder / "a.jsonl").write_text(lines, encoding="utf-8")
        else:
            for index, text in enumerate(texts):
                (place / folder / f"{index}.txt").write_text(text, encoding="utf-8")


def read_blocks(page: str) -> dict[str, str]:
    """Give the files that a page tells people to write."""
    return dict(BLOCK.findall((ROOT / page).read_text(encoding="utf-8")))


def test_both_languages_write_the_same_conf() -> None:
    english, chinese = (
        {name: yaml.safe_load(text) for name, text in read_blocks(page).items()}
        for page in ("README.md", "README.zh-CN.md")
    )
    assert len(english) == 6
    assert chinese == english


@pytest.mark.feature(7)
def test_own_model_and_text_reach_the_mixture(
    smoke_run: tuple[Path, str], house_template: Path, tmp_path: Path
) -> None:
    blocks = read_blocks("README.md")
    assert len(blocks) == 6
    project = Project(Path(shutil.copytree(house_template, tmp_path / "project")))
    _write_own_text(smoke_run[0], tmp_path / "text")
    model = smoke_run[0] / "data/smoke/06_models/base_model"
    for name, text in blocks.items():
        project.write(name, text.replace("/text/", f"{tmp_path}/text/").replace("/models/Qwen2.5-0.5B", str(model)))
    stages = "collect,clean,dedup,base,tokenizer,tokenize,mix_law,mix"
    project.succeed("kedro", "run", f"--pipelines={stages}", "--env=mine", "--params=mix.stage1.num_tokens=65536")
    report = json.loads((project.path / "data/mine/08_reporting/mix_metrics.json").read_text(encoding="utf-8"))
    assert report["domain_share"] == 0.2
    assert report["stage1"]["channels"].keys() == {"code", "domain", "en"}
