"""Workers of Dask, on this machine or on many: how they are reached, and what they compute of a run."""
