"""Benchmarks that try values, and benchmarks that train with what was chosen."""
