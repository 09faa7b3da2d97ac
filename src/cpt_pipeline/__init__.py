"""cpt_pipeline: continued pre-training of a language model as one versioned Kedro DAG."""

__version__ = "0.1.0"
