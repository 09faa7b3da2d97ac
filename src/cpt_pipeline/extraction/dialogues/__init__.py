"""Dialogues in records: their shapes and how they are written as text."""
