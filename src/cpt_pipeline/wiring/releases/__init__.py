"""Releases: append-only folders, the pointer to the one in use, their checks, and the dvc.lock each keeps."""
