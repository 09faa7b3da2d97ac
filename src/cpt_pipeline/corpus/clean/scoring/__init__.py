"""The quality scorer of stage clean: made from labels, asked for every prose document, joined with the rules."""
