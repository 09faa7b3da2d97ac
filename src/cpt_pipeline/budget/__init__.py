"""The bill before the run: memory, time, money, energy, disk, and whether the budget allows it."""
