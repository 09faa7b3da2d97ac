"""Mixing: which document stands where in training, decided before training. Stages mix_law and mix.

Channels, shares, passes and packing are here. The file of the order is `formats.mixture`; training only reads it.
"""
