"""The methods, one per file: what turns a network's outputs into a loss and a prediction."""
