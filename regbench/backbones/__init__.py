"""Networks up to the features z, one per file, batched over jobs: weights (J, in, out)."""
