"""Reference models that a sceptic asks for, one per file; the file name is the baseline's name."""
