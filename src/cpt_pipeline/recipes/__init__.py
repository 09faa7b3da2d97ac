"""Work that joins domain packages, which do not know one another: a base from scratch, the law of mixing, checks.

The checks (`*_check`) compare settings of several stages with one another, with the base model and with this machine
before a run. What one package can do alone stays in it.
"""
