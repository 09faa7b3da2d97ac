"""What every layer may import: typed params, artifacts and their manifests, workspaces, provenance, errors, verdicts.

Needs packaging, pydantic and xxhash alone. Knows no stage and no file format of one: those are in `formats`.
"""
