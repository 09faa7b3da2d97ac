"""What may come in: licence policy and recency."""
