"""Dialogues: turns that a model cannot mean are removed, and how much is left is measured."""
