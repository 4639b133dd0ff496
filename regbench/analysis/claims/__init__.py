"""What a paper claims, laid beside its own tables and beside our runs: holds, fails, or cannot be decided.

A printed number is an interval, a cell of ours a mean with the spread over seeds behind it.
"""

from regbench.analysis.claims.doubt import FAILS as FAILS
from regbench.analysis.claims.doubt import HOLDS as HOLDS
from regbench.analysis.claims.doubt import OPEN as OPEN
from regbench.analysis.claims.doubt import VERDICTS as VERDICTS
from regbench.analysis.claims.findings import Answer as Answer
from regbench.analysis.claims.findings import Finding as Finding
from regbench.analysis.claims.findings import Findings as Findings
from regbench.analysis.claims.findings import verify as verify
from regbench.analysis.claims.wanted import seeds_needed as seeds_needed
from regbench.analysis.claims.wanted import wanted as wanted
from regbench.analysis.claims.wanted import worth as worth
