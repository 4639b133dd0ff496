"""Mathematics that several metrics share."""
