"""Networks up to the features z, one per file, packed over jobs: weights (J, in, out)."""
