"""Figure 7 of "Improving Deep Regression with Tightness": the changes of several θs through training."""

from regbench.reports.report import Report
from regbench.reports.tightness import thetas

REPORT = Report(
    title="Figure 7: the changes of several θs through training",
    compute=thetas.by_epoch,
    table=thetas.table,
    frames=thetas.frames,
    draw=thetas.draw,
    needs="features",
    benchmark="tightness-manifold",
    or_last=False,
)
