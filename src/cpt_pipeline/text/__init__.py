"""Words, tokens, folding and cutting of text, names of languages, and the compiled loops they share.

Knows nothing of documents, files or stages.
"""
