"""From scores to a verdict, stage decide: promote, hold, or roll back to the best checkpoint that passes; and a remedy.

Pure functions of scores and policy. Writing and pointing at a release is wiring, outside of this package.
"""
