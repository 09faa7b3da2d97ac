"""Channels and categories that a linear classifier gives to documents."""
