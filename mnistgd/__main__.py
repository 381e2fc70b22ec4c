"""``python -m mnistgd``: the same as the ``mnistgd`` command."""

from mnistgd.cli import main

if __name__ == "__main__":
    main()
