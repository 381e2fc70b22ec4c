"""Data sets in files: what a path is, and for each kind of file a reader, which brings arrays as they are."""
