"""The files that cross a stage border: documents, tokens, mixtures, models, candidates, benchmark items.

Each module writes and reads one format, named in docs/concepts.md, so that no stage knows how another made it. What
only one stage reads stays in that stage's package; reading the files of users is `corpus.collect`.
"""
