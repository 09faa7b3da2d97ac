"""From scores to a verdict: promote, hold, or roll back to the best checkpoint that passes."""
