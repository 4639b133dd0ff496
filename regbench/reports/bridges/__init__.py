"""The tables and figures of "Building Bridges between Regression, Clustering, and Classification"."""
