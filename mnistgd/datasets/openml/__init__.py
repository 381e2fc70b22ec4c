"""Data sets from OpenML: a download by a process that can be ended. Nothing else here asks the network."""
