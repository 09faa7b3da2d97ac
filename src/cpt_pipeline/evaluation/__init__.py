"""Before and after: base and candidates on the same held-out texts and the same benchmarks."""
