"""Figure 6 of "Building Bridges": the share of every bin of the fixed encoder, as contours over the plane."""

from regbench.reports import _shares
from regbench.reports._report import Report

REPORT = Report(
    title="Figure 6: every bin of the fixed encoder",
    compute=_shares.fixed,
    table=_shares.table,
    frames=_shares.frames,
    draw=_shares.draw,
    needs="encoders",
    benchmark="bridges-figure2",
    or_last=False,
)
