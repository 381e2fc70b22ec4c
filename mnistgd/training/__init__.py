"""A run: its loop and state, and what it writes down along the way."""
