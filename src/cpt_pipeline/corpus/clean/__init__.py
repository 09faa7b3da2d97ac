"""Clean: documents are extracted from their noise, normalised, judged by rules and graded."""
