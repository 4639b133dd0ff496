"""Numbers of a baseline's commit that were trained here before: one file per run in the cache folder.

They depend on the commit, the environment and the job, and all three are in the name.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regbench import provenance
from regbench.campaign.gate.training import Measured
from regbench.data.download import write_atomically
from regbench.data.places import cache_folder
from regbench.errors import InfrastructureError


@dataclass(frozen=True)
class Cache:
    """The numbers that one commit gave in one environment, by the key of the job."""

    folder: Path

    @classmethod
    def of(cls, commit: str, device: str) -> "Cache":
        """The numbers of a commit in this process's environment, on a device."""
        from regbench.runner.work.device import torch_device

        torch_device(device)  # sets the flags that are part of the environment
        here = {**provenance.environment(), "flags": provenance.flags()}
        # An installed regbench is not part of the commit, so its version counts too.
        name = f"{commit}-{provenance.numerics(here, device)}-{here['regbench']}"
        return cls(cache_folder() / "gate" / name)

    def get(self, key: str, names: Sequence[str]) -> Measured | None:
        """The numbers of a job; None if they are not here with all of these metrics, or cannot be read."""
        try:
            kept = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
            values = {
                name: math.nan if (text := kept["values"][name]) is None else float.fromhex(text) for name in names
            }
            return Measured(kept["epoch"], values, kept["code"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, measured: Measured) -> None:
        """Keep the numbers of a job; what cannot be written is trained again the next time."""
        values = {name: value.hex() if math.isfinite(value) else None for name, value in measured.values.items()}
        content = json.dumps({"epoch": measured.epoch, "values": values, "code": measured.code})
        try:
            write_atomically(self.folder / f"{key}.json", content.encode())
        except InfrastructureError:
            return
