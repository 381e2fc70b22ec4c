"""The engine: layers, losses, optimizers, schedules and the training loop, in numpy alone.

It knows no file, no screen, no clock and no global random state: what it needs is passed in.
"""
