"""One dataset per file: sources, digest, columns and licence. Scaling and splitting are in `regbench.data`."""
