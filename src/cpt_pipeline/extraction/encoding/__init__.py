"""Encodings: what a file is written in, whether it is text at all, and how it is decoded."""
