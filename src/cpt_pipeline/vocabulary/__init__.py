"""The vocabulary of a run: the base model's own tokenizer, and the token ids of every document."""
