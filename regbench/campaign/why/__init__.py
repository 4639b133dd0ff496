"""Where a number comes from: the runs of a cell, their configuration, code, data, environment and choice."""

from regbench.campaign.why.adopted import Adopted
from regbench.campaign.why.answer import Run, Why, why
from regbench.campaign.why.config import flat, unlike

__all__ = ["Adopted", "Run", "Why", "flat", "unlike", "why"]
