"""Arrays in, pictures out; no file is opened or written."""
