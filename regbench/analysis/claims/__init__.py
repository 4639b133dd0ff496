"""A paper's claims checked against its own tables and against our runs: holds, fails, or cannot be decided.

A printed number is an interval. A cell of ours is a mean with its spread over seeds.
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
