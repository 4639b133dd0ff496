"""Measure this machine: regbench's training speed compared with plain PyTorch, and the overheads around training."""
