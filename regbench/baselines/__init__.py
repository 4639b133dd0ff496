"""Reference models, one per file; the file name is the baseline's name."""
