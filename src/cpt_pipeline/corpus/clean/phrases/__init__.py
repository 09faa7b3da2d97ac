"""Phrases that a source repeats: mined, listed, removed."""
