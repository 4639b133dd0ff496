"""The benchmark cases: the shapes of the first paper's datasets (Table 1), with synthetic rows, and jobs to train on.

The time of a step depends on inputs, batch size and network, not on the number or content of rows, so no data need be
fetched and epochs can be short.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from regbench import catalog
from regbench.config.benchmark import expand
from regbench.config.spec import Spec
from regbench.data import Prepared
from regbench.job import Job
from regbench.runner import make_plan

METHODS = ("lsq", "lsq_softmax", "hard_binning", "soft_binning", "pretrained_encoder", "end2end")
BINS = 25
SEEDS = 5  # of the paper
EVALUATED = 8  # few validation and test rows, because evaluation is not part of a step
LEVELS = 100  # different targets, to keep stage 1 of the pre-trained encoder short, which is not part of a step


@dataclass(frozen=True)
class Shape:
    """The properties of a dataset that the time of a step depends on."""

    dataset: str
    inputs: tuple[int, ...]  # (D,) or (C, height, width)
    batch_size: int

    @classmethod
    def of(cls, dataset: str) -> "Shape":
        """The shape given in the dataset's file."""
        said = catalog.entry("datasets", dataset).arguments
        inputs = said["inputs"] if isinstance(said["inputs"], tuple) else (said["inputs"],)
        return cls(dataset, inputs, said["batch_size"])

    @property
    def is_image(self) -> bool:
        """Whether a row is an image."""
        return len(self.inputs) == 3


@dataclass(frozen=True)
class Cell:
    """One line of the table: a method on a shape, trained for `epochs` epochs of `steps` steps."""

    shape: Shape
    method: str
    steps: int
    epochs: int

    def jobs(self) -> tuple[Job, ...]:
        """The jobs of a pack, as the planner packs this method's seeds for one core."""
        spec = Spec.model_validate(
            {
                "datasets": [self.shape.dataset],
                "methods": [self.method],
                "k": [BINS],
                "seeds": SEEDS,
                "protocol": {"epochs": self.epochs},
            }
        )
        return make_plan(expand("bench", spec), None).packs[0].jobs

    def data(self) -> Prepared:
        """Synthetic rows of this shape."""
        return synthetic(self.shape, self.steps * self.shape.batch_size)


@lru_cache(maxsize=1)
def synthetic(shape: Shape, rows: int, evaluated: tuple[int, int] = (EVALUATED, EVALUATED)) -> Prepared:
    """Uniform inputs, or noise images, and a target in [0, 1] that depends on them.

    `rows` for training, `evaluated` for validation and test.
    """
    random = np.random.default_rng(0)
    draw = random.standard_normal if shape.is_image else random.random
    x = draw((rows + sum(evaluated), *shape.inputs), dtype=np.float32)
    y = np.tanh(x.reshape(len(x), -1).mean(1)) + 0.1 * random.standard_normal(len(x), dtype=np.float32)
    y = (((y - y[:rows].min()) / (y[:rows].max() - y[:rows].min())) * LEVELS).round()[:, None] / LEVELS
    train, val, test = slice(0, rows), slice(rows, rows + evaluated[0]), slice(rows + evaluated[0], None)
    numbers = np.arange(len(x))
    return Prepared(
        x_train=x[train],
        y_train=y[train],
        x_val=x[val],
        y_val=y[val],
        x_test=x[test],
        y_test=y[test],
        y_low=np.zeros(1),
        y_high=np.ones(1),
        rows_train=numbers[train],
        rows_val=numbers[val],
        rows_test=numbers[test],
    )
