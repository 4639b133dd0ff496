"""The promises that methods, regularizers and wrappers keep, ours and those of users: one code checks both.

`examine(subject)` asks every promise of one file; the tests of regbench ask them of its whole catalog.
"""

from regbench.contract.examine import Outcome, ask, examine
from regbench.contract.promises import Broken, Promise, promises
from regbench.contract.subject import KINDS, Subject, subject

__all__ = ["KINDS", "Broken", "Outcome", "Promise", "Subject", "ask", "examine", "promises", "subject"]
