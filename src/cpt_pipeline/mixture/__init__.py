"""Mixing: which document stands where in training, decided before training."""
