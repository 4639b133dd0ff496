"""What is left to train, in which packs, how long it takes and what memory it needs."""
