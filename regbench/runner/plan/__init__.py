"""Plan a benchmark: the missing jobs, their packs, and an estimate of time and memory."""
