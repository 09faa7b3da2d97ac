"""What every layer may import: parameters, artifacts, workspaces, errors. Standard library, pydantic, xxhash."""
