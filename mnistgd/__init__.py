"""Train a 784→10 network on MNIST with plain gradient descent, and see what it learned.

The package is a small library with a command line over it. Imports go downwards only::

    cli        the typer commands: the only place that prints, draws progress or exits
    lessons    textbook systems, each a small client of the engine
    datasets, models, preprocess, ...    files, the network, MNIST's own conventions
    engine     layers, losses, optimizers and the training loop: pure numpy
    images     arrays in, pictures out: pure Pillow
    errors     every error this package raises on purpose

Importing ``mnistgd`` itself imports nothing heavy.
"""

__version__ = "0.1.0"
