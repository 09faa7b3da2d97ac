"""Recognisers of personal data and what takes its place."""
