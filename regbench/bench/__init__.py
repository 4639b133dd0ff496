"""Measure this machine: how fast regbench trains on it, beside what else one might do, and what is spent beside it."""
