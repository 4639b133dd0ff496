"""A job: one cell of the grid as a frozen value, with the key that identifies it in every database."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from typing import Any, Self

Pairs = tuple[tuple[str, Any], ...]
KFOLD = re.compile(r"kfold\[(?P<folds>\d{1,3})\]")
SPLITS = ("fixed", "per_seed", "grouped")  # and any number of folds; see `data.splits`
DECIDE = "val/rmse"  # which epoch counts, as the papers have it


def folds_of(split: str) -> int | None:
    """The number of folds of a cross-validation, None for another split.

    >>> folds_of("kfold[5]"), folds_of("fixed")
    (5, None)
    """
    found = KFOLD.fullmatch(split)
    return int(found["folds"]) if found else None


def differs_by_seed(split: str) -> bool:
    """Whether jobs of different seeds train and test on different rows."""
    return split == "per_seed" or folds_of(split) is not None


def depends_on_seed(protocol: "Protocol") -> bool:
    """Whether jobs of different seeds are trained on different data: on other rows, or with other label noise."""
    return differs_by_seed(protocol.split) or protocol.label_noise > 0


def later(default: Any) -> Any:
    """A field of `Job` or `Protocol` that was added after results were published.

    With its default value it is left out of the configuration, and so out of the key: older jobs keep their keys.
    The default must therefore mean what the code did before the field existed, and must never change.
    """
    return field(default=default, metadata={"later": True})


def stated(value: Any) -> dict[str, Any]:
    """The fields of a job or protocol by name, without `later` fields that have their default value."""
    every, added = _fields(type(value))
    left_out = {name for name, default in added.items() if getattr(value, name) == default}
    return {name: getattr(value, name) for name in every if name not in left_out}


@cache  # `fields` looks through the class anew at each call; benchmarks have a hundred thousand jobs
def _fields(kind: type) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of all fields of a job or protocol, and the defaults of the `later` ones."""
    every = fields(kind)
    added = {entry.name: entry.default for entry in every if entry.metadata.get("later")}
    return tuple(entry.name for entry in every), added


def pairs(mapping: Mapping[str, Any]) -> Pairs:
    """A mapping as sorted pairs, which can be hashed."""
    return tuple(sorted(mapping.items()))


@dataclass(frozen=True)
class Protocol:
    """How a job is trained. The paper does not specify most of it; the defaults are regbench's choices.

    Floats may differ between the jobs of one pack; everything else is part of the pack's grouping key. A new field is
    made with `later`, so that the keys of older jobs do not change.
    """

    batch_size: int
    weight_decay: float  # coupled l2 of the network: 1e-4 for the MLP, 1e-2 for the CNN (paper 1, section 4)
    dropout: float  # after every hidden ReLU: 0.3 for the MLP, 0.5 for the CNN's two linear layers
    epochs: int = 100
    learning_rate: float = 3e-3  # maximum of the one-cycle schedule
    clip: float = 1.0  # largest norm of one job's whole gradient; 0: not clipped
    encoder_weight_decay: float = 1e-4  # coupled l2 of a method's own parameters
    optimizer: str = "adam"  # with coupled l2; `adamw` decouples it
    schedule: str = "one_cycle"
    warmup: float = 0.3  # fraction of the steps before the maximum learning rate
    initial_division: float = 25.0  # maximum / first learning rate
    final_division: float = 1e4  # first / last learning rate
    split: str = "fixed"  # one split for every seed; `per_seed`: a new one for each; others in `data.splits`
    keep_predictions: str = "best"  # or `none`
    decide: str = later(DECIDE)  # the validation metric whose best epoch counts
    evaluate_every: int = later(0)  # steps of an epoch, after which the model is evaluated; 0: a pass over the rows
    init_std: float = later(0.0)  # standard deviation of the initial weights, with biases of 0; 0: as usual
    inputs: str = later("scaled")  # to [0, 1]; `raw`: as they are; others in `data.inputs`
    targets: str = later("scaled")  # to [0, 1]; `raw`: as they are; others in `training.targets`
    measure_features: tuple[int, ...] = later(())  # the epochs with metrics of features
    keep_features: tuple[int, ...] = later(())  # the epochs whose features, of some test rows, are kept for figures
    keep_weights: tuple[int, ...] = later(())  # the epochs whose last layer is kept
    milestones: tuple[int, ...] = later(())  # the epochs after which the schedule `step` lowers the learning rate
    decay: float = later(0.1)  # what it is multiplied by at each of them
    shots: str = later("dataset")  # errors over many, median, few: the dataset's own rule, if any; or `density`
    over_targets: str = later("sum")  # a method's loss as its file has it; `mean`: divided by the target's dimensions
    momentum: float = later(0.9)  # of the optimizer `sgd`
    patience: int = later(0)  # epochs without a better deciding metric after which a job stops; 0: none, it trains all
    label_noise: float = later(0.0)  # standard deviation of the noise on the training targets, in units of those scaled
    pixels: int = later(1000)  # of a batch of images whose targets are maps: those that regularizers see

    def __post_init__(self) -> None:
        """Lists, as JSON has them, become tuples."""
        for name in ("measure_features", "keep_features", "keep_weights", "milestones"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def grouping(self) -> Pairs:
        """The fields that must be equal within a pack: all that are not stacked."""
        stacked = {"weight_decay", "dropout", "learning_rate", "clip", "encoder_weight_decay"}
        return pairs({name: value for name, value in vars(self).items() if name not in stacked})


@dataclass(frozen=True)
class Part:
    """A wrapper or regularizer that is added to a method, with every setting spelled out."""

    name: str
    hparams: Pairs = ()
    static: Pairs = ()

    def config(self) -> dict[str, Any]:
        """The part as plain data; `Part.from_config` is its inverse."""
        return {"name": self.name, "hparams": dict(self.hparams), "static": dict(self.static)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The part with this configuration."""
        return cls(config["name"], pairs(config["hparams"]), pairs(config["static"]))


@dataclass(frozen=True)
class Job:
    """One cell of the grid: everything that its numbers depend on besides the code."""

    dataset: str
    digest: str  # of the dataset's canonical table
    method: str
    seed: int
    protocol: Protocol
    k: int | None = None  # None where the method ignores k
    hparams: Pairs = ()  # every hyper-parameter of the method, defaults spelled out
    static: Pairs = ()
    backbone: str = "mlp"
    options: Pairs = ()  # of the backbone, defaults spelled out
    parts: tuple[Part, ...] = later(())  # added to the method: wrappers, then regularizers, each sorted by name

    @cached_property
    def key(self) -> str:
        """The identifier of this job in every database: a hash of its canonical configuration."""
        return hashlib.sha256(canonical(self.config()).encode()).hexdigest()[:32]

    def config(self) -> dict[str, Any]:
        """The job as plain data, for JSON; `Job.from_config` is its inverse."""
        shallow = stated(self)
        nested: dict[str, Any] = {name: dict(shallow[name]) for name in NESTED if name in shallow}
        if self.parts:
            nested["parts"] = [part.config() for part in self.parts]
        protocol = {
            name: list(value) if isinstance(value, tuple) else value for name, value in stated(self.protocol).items()
        }
        return {**shallow, **nested, "protocol": protocol}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The job with this configuration; the inverse of `config`."""
        nested: dict[str, Any] = {name: pairs(config[name]) for name in NESTED if name in config}
        nested["parts"] = tuple(map(Part.from_config, config.get("parts", ())))
        return cls(**{**config, **nested, "protocol": Protocol(**config["protocol"])})


NESTED = ("hparams", "static", "options")  # mappings, stored as pairs so that a job can be hashed


@dataclass(frozen=True)
class Pack:
    """Jobs trained together as one batched model: same dataset, backbone and protocol, except for its floats."""

    jobs: tuple[Job, ...] = field(default=())

    @staticmethod
    def group(job: Job) -> tuple[Any, ...]:
        """What must be equal for jobs to be packed together; where the data depend on the seed, the seed too."""
        rows = job.seed if depends_on_seed(job.protocol) else None
        return (job.dataset, job.digest, job.backbone, job.options, job.protocol.grouping(), rows)

    @staticmethod
    def head(job: Job) -> tuple[Any, ...]:
        """What must be equal for jobs of a pack to form one head; the hyper-parameters are stacked."""
        return (job.method, job.static, job.k or 0, *((part.name, part.static) for part in job.parts))


def canonical(data: object) -> str:
    """Canonical JSON: sorted keys, no blanks, 1 and 1.0 distinguished, no NaN."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
