"""What becomes of pictures, in a module that imports nothing: whoever has it already loads no Pillow."""

READ_VERSION = 4
"""Counts up with every change that makes another image of a picture: no older one is then taken for it."""
