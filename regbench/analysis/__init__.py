"""Frames in, frames out: cells, ratios to a baseline, and whether one method beats another.

Everything starts from the frame `Store.cells` gives: one row per job, nulls where there is no accepted run.
"""

from regbench.analysis.ablation import Ablation as Ablation
from regbench.analysis.ablation import Change as Change
from regbench.analysis.ablation import ablate as ablate
from regbench.analysis.aggregate import aggregate as aggregate
from regbench.analysis.compare import Comparison as Comparison
from regbench.analysis.compare import compare as compare
from regbench.analysis.normalize import Normalized as Normalized
from regbench.analysis.normalize import normalize as normalize
from regbench.analysis.select import select as select
from regbench.analysis.several import Several as Several
from regbench.analysis.several import compare_several as compare_several
