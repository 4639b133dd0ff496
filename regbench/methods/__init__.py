"""The methods, one per file: each turns a network's outputs into a loss and a prediction."""
