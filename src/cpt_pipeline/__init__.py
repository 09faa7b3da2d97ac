"""cpt_pipeline: continued pre-training of a language model as one versioned Kedro DAG.

The modules of this folder are the wiring: commands, hooks, tracking, DVC, datasets, conf. They alone know MLflow and
DVC; what a stage does is in the packages below, named in CONTRIBUTING.md.
"""

__version__ = "0.1.0"
