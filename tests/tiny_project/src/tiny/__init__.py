"""A project of four stages that takes a second."""
