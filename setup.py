"""What pyproject.toml cannot say: the starter and the conf that it copies go into the wheel, as cpt_pipeline/share/."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithStarter(build_py):
    """Copy the starter and conf/base beside the modules; in an editable install the repository has them."""

    def run(self) -> None:
        """Build the modules, then add what they share."""
        super().run()
        if self.editable_mode:
            return
        share = Path(self.build_lib) / "cpt_pipeline/share"
        shutil.rmtree(share, ignore_errors=True)
        shutil.copytree("starter", share / "starter", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree("conf/base", share / "conf/base", ignore=shutil.ignore_patterns("dvc.yaml", "dvc.lock"))
        shutil.copyfile("conf/logging.yml", share / "conf/logging.yml")


setup(cmdclass={"build_py": BuildWithStarter})
