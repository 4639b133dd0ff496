"""Show that results of older code are still those of the present code: train a sample with both and compare every bit.

A change of the code makes a new digest, and results of the old one count no longer. Where the change is known to
compute the same, training everything again would be waste; here a sample is trained with both instead.
"""

from regbench.runner.adopt.adopt import Adopted, adopt

__all__ = ["Adopted", "adopt"]
