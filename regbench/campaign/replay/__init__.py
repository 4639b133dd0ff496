"""`regbench replay`: train finished jobs again, and say whether their numbers are what is stored."""

from regbench.campaign.replay.ask import Asked, Chosen, choose
from regbench.campaign.replay.judge import Replayed, replay

__all__ = ["Asked", "Chosen", "Replayed", "choose", "replay"]
