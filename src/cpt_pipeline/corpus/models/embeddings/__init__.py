"""Text to vectors: hashed words, or a sentence encoder."""
