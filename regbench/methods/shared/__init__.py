"""Mathematics that several methods share: bins, encoders, decoders and scores of distributions."""
