"""From any picture of a digit, drawn or photographed, to an image like MNIST's."""
