"""Methods made from other methods, one per file; the file name is the name."""
