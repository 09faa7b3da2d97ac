"""One folder per stage: `nodes.py` (ten lines a node) and `pipeline.py` (a list). Stages do not know one another."""
