"""Code fingerprints: which stage's changes with which file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cpt_pipeline.core import closure, fingerprint
from cpt_pipeline.core.fingerprint import remembered_fingerprints, stage_fingerprints
from cpt_pipeline.pipeline_registry import STAGES

PACKAGE = Path(fingerprint.__file__).parents[1]
FILES = {
    "__init__.py": '__version__ = "1"\n',
    "pipelines/__init__.py": "",
    "pipelines/bake/__init__.py": "from house.pipelines.bake.nodes import bake\n",
    "pipelines/bake/nodes.py": "def bake(flour: int):\n    from house.oven import heat\n    return heat(flour)\n",
    "pipelines/sell/__init__.py": "from house.shop import PRICES\n",
    "oven.py": "import typing as t\nif t.TYPE_CHECKING:\n    import house.shop\ndef heat(x):\n    return x * 200\n",
    "shop.py": "PRICES = 'prices.txt'\n",
    "prices.txt": "bread 3\n",
    "attic.py": "x = 1\n",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "house" / name).write_text(text, encoding="utf-8")
    return tmp_path / "house"


def stages_changed(house: Path, name: str, text: str) -> list[str]:
    """Return the stages whose fingerprint changes with a file, as two processes would find."""
    before = stage_fingerprints(house)
    (house / name).write_text(text, encoding="utf-8")
    for cached in (closure.read_module, closure._data_files, closure._imported, fingerprint._digest):
        cached.cache_clear()
    after = stage_fingerprints(house)
    assert list(before) == list(after) == ["bake", "sell"]
    return [stage for stage in before if before[stage] != after[stage]]


@pytest.mark.feature(123)
@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("oven.py", FILES["oven.py"].replace("200", "220"), ["bake"]),
        ("oven.py", FILES["oven.py"].replace("heat(x):", 'heat(x: float) -> float:  # hot\n    """Heat."""'), []),
        ("oven.py", FILES["oven.py"].replace("house.shop", "house.attic"), []),
        ("oven.py", "import house.attic\n" + FILES["oven.py"], ["bake"]),
        ("pipelines/bake/nodes.py", FILES["pipelines/bake/nodes.py"].replace("flour: int", "flour: float"), ["bake"]),
        ("attic.py", "x = 2\n", []),
        ("shop.py", "PRICES = 'prices.csv'\n", ["sell"]),
        ("prices.txt", "bread 4\n", ["bake", "sell"]),
        ("__init__.py", '"""A house."""\n__version__ = "2"\n', []),
        ("__init__.py", 'import os\n__version__ = "1"\n', ["bake", "sell"]),
    ],
)
def test_a_stage_changes_with_what_its_code_does_and_nothing_else(
    house: Path, name: str, text: str, changed: list[str]
) -> None:
    assert stages_changed(house, name, text) == changed


def test_the_command_writes_the_fingerprint_of_every_stage(tmp_path: Path) -> None:
    out = tmp_path / "new/code.json"
    command = [sys.executable, "-m", "cpt_pipeline.core.fingerprint", str(PACKAGE), str(out)]
    subprocess.run(command, check=True)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written == stage_fingerprints(PACKAGE)
    assert set(written) == set(STAGES)
    assert len(set(written.values())) == len(STAGES)
    assert [path.name for path in out.parent.iterdir()] == ["code.json"]


def test_writing_them_imports_no_framework() -> None:
    code = (
        "import sys; from cpt_pipeline.core import fingerprint; "
        "print(sorted({'kedro', 'dvc', 'mlflow', 'torch', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_fingerprints_are_remembered_until_a_byte_of_the_package_changes(house: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory" / "code.json"
    first = remembered_fingerprints(house, memory)
    assert first == stage_fingerprints(house)
    kept = json.loads(memory.read_text(encoding="utf-8"))
    memory.write_text(json.dumps({**kept, "stages": {"bake": "as remembered"}}), encoding="utf-8")
    assert remembered_fingerprints(house, memory) == {"bake": "as remembered"}

    (house / "prices.txt").write_text("bread 4\n", encoding="utf-8")
    assert set(remembered_fingerprints(house, memory)) == {"bake", "sell"}


@pytest.mark.parametrize("written", ["", "[]", "{}", '{"source": 1, "stages": []}', "\x00"])
def test_a_damaged_memory_is_made_again(house: Path, tmp_path: Path, written: str) -> None:
    memory = tmp_path / "code.json"
    memory.write_text(written, encoding="utf-8")
    assert remembered_fingerprints(house, memory) == stage_fingerprints(house)
    assert json.loads(memory.read_text(encoding="utf-8"))["stages"] == stage_fingerprints(house)
