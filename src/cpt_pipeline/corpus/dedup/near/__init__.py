"""Near copies: MinHash signatures, candidates, pairs, clusters, and the index of earlier rounds."""
