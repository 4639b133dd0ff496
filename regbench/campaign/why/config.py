"""The configuration of a job as a flat mapping, and the fields in which two differ."""

from collections.abc import Mapping
from typing import Any

from regbench.job import Job

NOT_OF_A_CELL = ("seed",)  # differs between the runs of one cell


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a stored job by its dotted name, also those at their defaults, without the seed.

    >>> flat({"dataset": "d", "digest": "x", "method": "lsq", "seed": 1, "hparams": {"a": 1.0},
    ...       "protocol": {"batch_size": 8, "weight_decay": 0.0, "dropout": 0.0}})["hparams.a"]
    1.0
    """
    job = Job.from_config(config)
    whole = {name: value for name, value in vars(job).items() if name in type(job).__dataclass_fields__}
    for name in NOT_OF_A_CELL:
        del whole[name]
    protocol = whole.pop("protocol")
    found = {name: value for name, value in whole.items() if name not in {"hparams", "static", "options", "parts"}}
    for name in ("hparams", "static", "options"):
        found |= {f"{name}.{key}": value for key, value in whole[name]}
    for part in job.parts:
        found |= {f"{part.name}.{key}": value for key, value in (*part.hparams, *part.static)}
    parts = "+".join(part.name for part in job.parts)
    return found | {"parts": parts} | {f"protocol.{name}": value for name, value in vars(protocol).items()}


def unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields in which two flat configurations differ, with both values; None where one has no such field.

    >>> unlike({"method": "lsq", "k": None}, {"method": "end2end", "k": None, "hparams.alpha": 1.0})
    {'method': ('lsq', 'end2end'), 'hparams.alpha': (None, 1.0)}
    """
    names = dict.fromkeys((*one, *other))
    both = {name: (one.get(name), other.get(name)) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}
