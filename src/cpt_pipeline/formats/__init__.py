"""The files that cross a stage border: documents, tokens, mixtures, models."""
