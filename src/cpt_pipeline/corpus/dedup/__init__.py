"""Dedup: copies and benchmark leaks are removed, held-out documents are set aside."""
