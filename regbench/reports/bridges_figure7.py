"""Figure 7 of "Building Bridges": the share of every bin of the learnt encoder, as contours over the plane."""

from regbench.reports import _shares
from regbench.reports._report import Report

REPORT = Report(
    title="Figure 7: every bin of the learnt encoder",
    compute=_shares.learnt,
    table=_shares.table,
    frames=_shares.frames,
    draw=_shares.draw,
    needs="encoders",
    benchmark="bridges-figure2",
    or_last=False,
)
