"""Bytes to text: readers of every kind of file, and the sandbox that hostile ones are parsed in.

Knows neither sources nor documents: a reading is text, a position and a reason. `corpus.collect` decides what is
read.
"""
