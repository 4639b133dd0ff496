"""The command line: one command per file, each of which parses, calls and prints. No SQL, no tensors."""
