"""The tables and figures of "Improving Deep Regression with Tightness"; in tables ours beside the paper's."""
