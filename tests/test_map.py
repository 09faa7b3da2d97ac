"""The newcomer's map: metadata, the tree and recipes of CONTRIBUTING, the pages of the site."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from cpt_pipeline import __version__
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "src/cpt_pipeline"
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
TREE_LINE = re.compile(r"( *)(\S+)(?: {2,}\S.*)?")
ROOTS = (REPOSITORY, PACKAGE)
CHINESE = ("quick-start", "your-model", "pipeline", "verdicts")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_metadata_say_who_may_use_it_and_how(project: dict[str, Any]) -> None:
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert project["authors"] == [{"name": "The cpt_pipeline authors"}]
    assert project["version"] == __version__
    assert {"Homepage", "Documentation", "Repository", "Changelog"} <= set(project["urls"])
    text = (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_citation_says_what_the_metadata_say(project: dict[str, Any]) -> None:
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == project["authors"]
    assert (citation["license"], citation["version"]) == (project["license"], project["version"])


def tree_paths() -> list[str]:
    """Return the paths that the tree of CONTRIBUTING names."""
    block = next(text for text in CONTRIBUTING.split("```")[1::2] if "src/" in text)
    open_folders: list[str] = []
    paths = []
    for line in filter(str.strip, block.splitlines()):
        found = TREE_LINE.fullmatch(line)
        assert found, line
        depth = len(found[1]) // 2
        open_folders[depth:] = [found[2].rstrip("/")]
        paths.append("/".join(open_folders))
    return paths


def test_the_tree_names_what_exists_and_every_package() -> None:
    named = tree_paths()
    assert [path for path in named if not (REPOSITORY / path).exists()] == []
    packages = {path.parent.relative_to(REPOSITORY).as_posix() for path in PACKAGE.rglob("__init__.py")}
    stages = {path for path in packages if path.startswith("src/cpt_pipeline/pipelines/")}
    assert sorted(packages - stages - set(named)) == []


def test_the_recipes_name_what_exists() -> None:
    recipes = CONTRIBUTING.partition("## Recipes")[2]
    paths = re.findall(r"`([\w./]+/(?:[\w.]+)?|[\w./]+\.(?:py|md|yml))`", recipes)
    assert len(paths) > 30
    assert [path for path in paths if not any((root / path).exists() for root in ROOTS)] == []


def test_the_chinese_pages_are_there_and_name_every_stage() -> None:
    from cpt_pipeline.pipeline_registry import STAGES

    pages = {name: (REPOSITORY / f"docs/zh/{name}.md").read_text(encoding="utf-8") for name in CHINESE}
    assert re.findall(r"^\| ([a-z_0-9]+) \|", pages["pipeline"], flags=re.MULTILINE) == list(STAGES)


def test_both_languages_write_the_same_lines_for_ones_own_model() -> None:
    pages = [REPOSITORY / "docs/your-model.md", REPOSITORY / "docs/zh/your-model.md"]
    english, chinese = (re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL) for page in pages)
    assert english == chinese


def test_the_lines_for_ones_own_model_are_valid_conf(tmp_path: Path) -> None:
    import shutil

    from kedro.framework.startup import bootstrap_project

    from cpt_pipeline.pipeline_registry import register_pipelines
    from cpt_pipeline.wiring.conf_check import find_problems
    from cpt_pipeline.wiring.layout import Layout

    for folder in ("conf/base", "src"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copyfile(REPOSITORY / "pyproject.toml", tmp_path / "pyproject.toml")
    page = (REPOSITORY / "docs/your-model.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"```yaml\n# (conf/mine/\S+)\n(.*?)```", page, flags=re.DOTALL):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    bootstrap_project(REPOSITORY)
    problems = find_problems(Layout.read(tmp_path, "mine"), register_pipelines())
    assert problems == []


def nav_places(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    return [place for each in (entry.values() if isinstance(entry, dict) else entry) for place in nav_places(each)]


def test_the_nav_of_the_site_names_every_page_and_no_other() -> None:
    from tools.reference import build_pages

    nav = nav_places(yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    docs = REPOSITORY / "docs"
    built = {*build_pages(), "contributing.md", "changelog.md", "security.md"}
    assert sorted(nav) == sorted({*built, *(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))})
