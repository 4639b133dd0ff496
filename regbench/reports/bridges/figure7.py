"""Figure 7 of "Building Bridges": the share of every bin of the learnt encoder, as contours over the plane."""

from regbench.reports.bridges import shares

REPORT = shares.report("Figure 7: every bin of the learnt encoder", "learnt")
