"""Train a 784→10 network on MNIST with plain gradient descent, and see what it learned.

The package is a house of rooms, floor above floor; imports go downwards only::

    cli                        the typer commands: the only place that prints, draws progress or exits
    lessons                    textbook systems, each a small client of the engine
    training                   a run, and what it writes down
    model                      a trained network, its file, and what can be asked of it
    datasets                   images that somebody labelled
    handwriting                from a picture that somebody drew to an image like MNIST's
    engine, figures, system    pure numpy; arrays in and pictures out; files, archives and processes
    errors                     every error this package raises on purpose

Importing ``mnistgd`` itself imports nothing heavy.
"""

__version__ = "0.2.0"
