"""Runs that differ in their settings: which there are, what comes of each, and which is best."""
