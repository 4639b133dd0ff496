"""Every read and write of results, in words of the domain; no other package knows SQL."""

from regbench.store.store import Store
from regbench.store.values import Claim, EpochRows, Failure, Finished, Standing

__all__ = ["Claim", "EpochRows", "Failure", "Finished", "Standing", "Store"]
