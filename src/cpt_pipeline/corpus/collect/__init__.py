"""Collect: sources become documents with licence, origin and channel."""
