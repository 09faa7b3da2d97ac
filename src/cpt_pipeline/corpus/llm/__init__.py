"""A language model behind an OpenAI-compatible endpoint: client, server process, kept answers."""
