"""What leaves the tool: a network, in files of other kinds."""
