"""Training what a plan says: the process that hands packs out, and the workers that train them."""
