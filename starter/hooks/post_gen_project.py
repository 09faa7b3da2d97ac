"""Add the conf of cpt_pipeline, which lies beside the starter, and a folder for each of its stages."""

import pkgutil
import shutil
from pathlib import Path

from cpt_pipeline import pipelines

CONF = Path(r"{{ cookiecutter._repo_dir }}").parent / "conf"
PIPELINES = Path("src/{{ cookiecutter.python_package }}/pipelines")
STAGE = '''"""Stage {name}, as cpt_pipeline has it."""

from cpt_pipeline.pipelines.{name} import create_pipeline

__all__ = ["create_pipeline"]
'''

shutil.copytree(CONF / "base", "conf/base", ignore=shutil.ignore_patterns("dvc.yaml", "dvc.lock"))
shutil.copyfile(CONF / "logging.yml", "conf/logging.yml")
for kept in ("conf/local", "data"):
    Path(kept).mkdir()
    (Path(kept) / ".gitkeep").touch()
for stage in pkgutil.iter_modules(pipelines.__path__):
    (PIPELINES / stage.name).mkdir()
    (PIPELINES / stage.name / "__init__.py").write_text(STAGE.format(name=stage.name), encoding="utf-8")
