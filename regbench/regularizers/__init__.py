"""Terms that can be added to the loss of a method, one per file; the file name is the name."""
