"""The tables of "Improving Deep Regression with Tightness"; ours beside the paper's."""
