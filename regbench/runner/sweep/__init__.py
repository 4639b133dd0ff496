"""Sweeps, which try values, and benchmarks that train with the values chosen from them."""
