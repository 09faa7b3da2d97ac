"""From sources to training text: collect, clean, dedup. Each keeps or excludes every record, with a reason."""
