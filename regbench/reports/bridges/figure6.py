"""Figure 6 of "Building Bridges": the share of every bin of the fixed encoder, as contours over the plane."""

from regbench.reports.bridges import shares

REPORT = shares.report("Figure 6: every bin of the fixed encoder", "fixed")
