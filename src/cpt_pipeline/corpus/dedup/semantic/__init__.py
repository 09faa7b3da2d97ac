"""Copies by meaning: clusters of vectors and the cosines inside them."""
