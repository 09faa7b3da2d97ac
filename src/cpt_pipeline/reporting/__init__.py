"""One page that says what was decided and why, what it cost and where it came from; numbers from artifacts only."""
