"""`regbench run --until-decided A B`: seeds are added until the verdict between two methods is clear."""

from regbench.campaign.deciding.train import Deciding, Outcome
from regbench.campaign.deciding.words import Stopped

__all__ = ["Deciding", "Outcome", "Stopped"]
