"""Recipes join domain packages into one piece of work: a base from scratch."""
