"""Words and addresses from lists of the user."""
