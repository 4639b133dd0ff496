"""Figure 8 of "Improving Deep Regression with Tightness": the changes of several θs in the first 500 steps."""

from regbench.reports.report import Report
from regbench.reports.tightness import thetas

REPORT = Report(
    title="Figure 8: the changes of several θs in the first 500 steps",
    compute=thetas.by_step,
    table=thetas.table,
    frames=thetas.frames,
    draw=thetas.draw,
    needs="features",
    benchmark="tightness-steps",
    or_last=False,
)
