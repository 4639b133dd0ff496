"""What the present code has outgrown: finished jobs that it would train anew, and the definitions that changed."""

from regbench.campaign.stale.explain import Reason, Since, explain, since
from regbench.campaign.stale.find import Outgrown, Stale, find, stale_runs

__all__ = ["Outgrown", "Reason", "Since", "Stale", "explain", "find", "since", "stale_runs"]
