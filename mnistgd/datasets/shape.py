"""The shape of every image, in a module that imports nothing: whoever needs only a number loads no numpy."""

IMAGE_SHAPE = (28, 28)
PIXELS = 784
