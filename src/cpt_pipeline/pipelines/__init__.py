"""One folder per stage: `nodes.py` (ten lines a node) and `pipeline.py` (a list). Stages do not know one another.

A node opens a workspace and calls one domain function. No method, no file format and no torch is here.
"""
