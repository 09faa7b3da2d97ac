"""Runs in MLflow: the hook, the recorder behind it, live curves, and the alias of the model in use."""
