"""A trained network: what it was asked to be, the file it lives in, and what can be asked of it."""
