"""The report, stage report: what was decided and why, what it cost and where it came from.

Numbers come from artifacts and metrics only; nothing is measured here. The page is in `templates`, its figures are
drawn by matplotlib.
"""
