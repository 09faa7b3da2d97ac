"""What every layer may import: parameters, artifacts, workspaces, errors. Needs packaging, pydantic and xxhash."""
