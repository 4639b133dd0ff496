"""Has a change of the code made results worse? Statistics of `regbench gate`, without training.

The same seeds are trained by the code before and after the change, in one environment. Each cell (dataset, method, k)
is judged by the differences of its seeds, on the scale of `scale.Scale.apart`, where positive numbers are worse:

same       every number is equal bit for bit
ok         not worse by more than a margin, with 95 % confidence
suspect    worse, with a probability of error that `SCREEN` shares among all cells; seeds not used before decide
regressed  a suspect that is worse on these seeds too, by a test at `CONFIRM`
open       none of these: the seeds cannot tell

The two tests of a cell are independent, because its seeds are. So if nothing changed, some cell is called regressed
with a probability of at most SCREEN × CONFIRM = 1 %, for the whole gate, however many cells it has.
"""

from regbench.analysis.gate.evidence import Evidence, Pairs, divergence_rate
from regbench.analysis.gate.judge import ALARM, OK, OPEN, REGRESSED, SAME, SUSPECT, confirm, screen
from regbench.analysis.gate.margin import deviation, margins
from regbench.analysis.gate.power import detectable, seeds_needed

__all__ = [
    "ALARM",
    "OK",
    "OPEN",
    "REGRESSED",
    "SAME",
    "SUSPECT",
    "Evidence",
    "Pairs",
    "confirm",
    "detectable",
    "deviation",
    "divergence_rate",
    "margins",
    "screen",
    "seeds_needed",
]
