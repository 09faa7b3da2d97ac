"""The vocabulary of a run: the base model's own tokenizer, and the token ids of every document.

Stages tokenizer and tokenize. The format of the token shards is in `formats.tokens`; their order in training is
`mixture`.
"""
