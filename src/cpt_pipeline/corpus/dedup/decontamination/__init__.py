"""Benchmark items in text: found by what a match says, and cut out with what belongs to them."""
