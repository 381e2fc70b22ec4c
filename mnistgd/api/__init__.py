"""The Python interface: what ``import mnistgd`` offers; README.md beside this file is its page."""
