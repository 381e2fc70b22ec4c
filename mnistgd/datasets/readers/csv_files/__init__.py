"""CSV files: their columns and rows, the images that these are, and which files belong together."""
