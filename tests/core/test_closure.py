"""Import closure: what a stage can reach, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.closure import import_closure

FILES = {
    "__init__.py": "",
    "start.py": "import json\nfrom house.rooms import kitchen\nfrom house.rooms.bath import Tub\n",
    "rooms/__init__.py": "",
    "rooms/kitchen.py": "def cook():\n    from . import pantry\n",
    "rooms/pantry.py": "from ..tools import knife\nfrom . import kitchen\n",
    "rooms/bath.py": "class Tub:\n    worker = 'house.garden.shed'\n    text = 'house.attic is not meant here'\n",
    "rooms/hall.py": "import house.attic\n",
    "tools/__init__.py": "from house.tools.spoon import stir\n",
    "tools/knife.py": "",
    "tools/spoon.py": "",
    "garden/__init__.py": "",
    "garden/shed.py": "",
    "attic.py": "",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "house"


def names(house: Path, start: str) -> list[str]:
    return [path.relative_to(house.resolve()).as_posix() for path in import_closure([house / start], house)]


def test_absolute_relative_local_and_named_modules_are_followed(house: Path) -> None:
    assert names(house, "start.py") == [
        "__init__.py",
        "garden/__init__.py",
        "garden/shed.py",
        "rooms/__init__.py",
        "rooms/bath.py",
        "rooms/kitchen.py",
        "rooms/pantry.py",
        "start.py",
        "tools/__init__.py",
        "tools/knife.py",
        "tools/spoon.py",
    ]


def test_import_statement_of_a_module_is_followed(house: Path) -> None:
    assert names(house, "rooms/hall.py") == ["__init__.py", "attic.py", "rooms/hall.py"]


def test_circles_end(house: Path) -> None:
    assert names(house, "rooms/pantry.py") == names(house, "rooms/kitchen.py")


def test_several_starts_are_joined_without_repeats(house: Path) -> None:
    found = import_closure([house / "attic.py", house / "rooms" / "hall.py"], house)
    assert [path.name for path in found] == ["__init__.py", "attic.py", "hall.py"]


def test_data_files_belong_to_every_module_of_their_package(house: Path) -> None:
    for name in ("rooms/papers/a/list.html", "rooms/papers/.DS_Store", "rooms/.cache/list.html", "rooms/words.txt"):
        (house / name).parent.mkdir(parents=True, exist_ok=True)
        (house / name).write_text("", encoding="utf-8")
    assert set(names(house, "rooms/hall.py")) == {
        "__init__.py",
        "attic.py",
        "rooms/hall.py",
        "rooms/papers/a/list.html",
        "rooms/words.txt",
    }


def test_imports_for_types_alone_are_not_followed(house: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.garden.shed\nimport house.attic\n"
    (house / "lazy.py").write_text(text, encoding="utf-8")
    assert names(house, "lazy.py") == ["__init__.py", "attic.py", "lazy.py"]


def test_domain_modules_do_not_reach_the_wiring() -> None:
    package = Path(import_closure.__code__.co_filename).parents[1]
    stage = package / "corpus" / "dedup" / "stage.py"
    reached = {path.relative_to(package).parts[0] for path in import_closure([stage], package)}
    assert reached == {"__init__.py", "core", "corpus", "formats", "model", "text"}
