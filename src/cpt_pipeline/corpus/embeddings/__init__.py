"""Texts as unit vectors, so that a cosine says how alike two of them are."""
