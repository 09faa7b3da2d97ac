"""Before and after, stage evaluate: base and candidates on the same held-out texts and the same benchmarks.

Texts are drawn, asked in a worker of its own, and compared in pairs with intervals. What follows from the scores is
in `release`; the text of the benchmarks is `formats.benchmarks`.
"""
