"""What touches the machine: files written whole or not at all, archives nobody vouches for, processes."""
