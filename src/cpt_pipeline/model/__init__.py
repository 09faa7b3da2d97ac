"""What touches torch and is shared by training and evaluation: loading, the packed forward pass, losses, bits per byte.

Only workers import it at module level. Optimizers and the loop are in `training`, the files of a model in
`formats.models`.
"""
