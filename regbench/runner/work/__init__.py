"""Execute a plan: one process hands out packs, and worker processes train them."""
