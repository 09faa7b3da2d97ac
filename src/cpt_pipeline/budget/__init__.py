"""The bill before the run, stage plan: memory, time, money, energy and disk, and whether the budget allows it.

Estimates from sizes and conf alone. What a run really cost is in its log, and compared in `reporting`.
"""
