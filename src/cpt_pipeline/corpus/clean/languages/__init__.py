"""Which language a text is in: script first, then letters, then a model."""
