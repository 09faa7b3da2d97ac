"""Passages that several documents hold."""
