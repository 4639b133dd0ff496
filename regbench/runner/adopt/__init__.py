"""Show that results of older code are still valid: train a sample with both codes and compare every bit.

A change of the code changes its digest, and results with the old digest no longer count. If the change does not affect
numbers, training everything again would be a waste; a sample is trained with both codes instead.
"""

from regbench.runner.adopt.adopt import Adopted, adopt

__all__ = ["Adopted", "adopt"]
