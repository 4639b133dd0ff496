"""Figure 7 of "Building Bridges": the share of every bin of the learnt encoder, as contours over the plane."""

from regbench.reports.bridges import shares
from regbench.reports.report import Report

REPORT = Report(
    title="Figure 7: every bin of the learnt encoder",
    compute=shares.learnt,
    table=shares.table,
    frames=shares.frames,
    draw=shares.draw,
    needs="encoders",
    benchmark="bridges-figure2",
    or_last=False,
)
