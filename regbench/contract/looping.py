"""Whether the jobs of a pack are batched by vmap; if not, which line keeps them from it, and what looping costs."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType

import torch
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from regbench.contract import places
from regbench.contract.made import made
from regbench.contract.subject import ROWS, Subject, draws, job_of, targets
from regbench.data import Prepared
from regbench.job import Job
from regbench.training.batches import Batches
from regbench.training.loop import Training
from regbench.training.pack import HeadPart
from regbench.training.step import Steps
from regbench.training.tracing import trace

SEEDS = 5  # jobs of the pack that is timed
BATCH = 256
TURNS = 5
REMEDIES = (
    ("randomness", "draw from `batch.stream`"),
    (".item()", "torch.where instead of if, and no .item() or float()"),
    ("data-dependent", "torch.where instead of if, and no .item() or float()"),
    ("reads a value", "torch.where instead of if, and no .item() or float()"),
    ("numpy", "torch instead of NumPy"),
    ("dynamic shape", "torch.where or masks instead of x[mask]"),
    ("nonzero", "torch.where or masks instead of x[mask]"),
    ("in-place", "x = x + y instead of x += y"),
)


def note(of: Subject, data: Prepared) -> str | None:
    """Nothing if the jobs are batched; otherwise the line, the reason and the measured cost of a step."""
    training = Training([of.job(seed=seed) for seed in (0, 1)], data)
    next(iter(training))
    (part,) = training.model.heads
    if not part.head.looped:
        return None
    line = places.line_in(_refusal(part), of.path)
    where = f"line {line}, `{places.text_of(of.path, line)}`, cannot be batched" if line else "it cannot be batched"
    mine, theirs = _milliseconds(of)
    return (
        f"{where}: {_short(part.head.looped)}. Its models are looped, with the same numbers: a step of {SEEDS} seeds "
        f"takes {mine:.1f} ms, that of least squares {theirs:.1f} ms{_remedy(part.head.looped)}"
    )


def _refusal(part: HeadPart) -> TracebackType | None:
    """The place where the tracer refuses the step of a head, which keeps only the message."""
    head, names = replace(part.head, looped=None), ("weight", "bias")
    jobs, features = part.linear.views["weight"].shape[:2]
    z = draws(jobs, ROWS, features).float()
    y = torch.stack([targets(ROWS).float()] * jobs)
    rows, keys = torch.arange(ROWS).expand(jobs, ROWS), torch.arange(jobs)
    batch = {"y": y, "rows": rows, "key": keys, "progress": torch.tensor(0.5)}
    linear = [part.linear.views[name] for name in names]
    inputs = (z, *linear) if head.transforms else (z @ linear[0] + linear[1][:, None], z)
    arguments = (*inputs, part.trained_views, head.fixed, head.hparams, batch)
    loss = head._loss_of_transformed if head.transforms else head._loss_one
    leaves, structure = tree_flatten(arguments)
    try:
        trace(lambda *each: tree_leaves(head._differentiated(loss, *tree_unflatten(each, structure))), leaves)
    except RuntimeError as refusal:
        return refusal.__traceback__
    return None


def _short(message: str) -> str:
    """The first sentence of torch's message."""
    return message.partition("\n")[0].partition(". ")[0].rstrip(".")


def _remedy(message: str) -> str:
    found = next((remedy for word, remedy in REMEDIES if word in message), "")
    return f"; {found} would be batched" if found else ""


def _milliseconds(of: Subject) -> tuple[float, float]:
    """The median time of a step of a pack of five seeds, of the subject and of least squares, measured in turn."""
    data = made(5 * BATCH, inputs=10)
    usual = {"width": 128, "batch_size": BATCH, "epochs": TURNS + 1}
    packs: list[Sequence[Job]] = [
        [of.job(seed=seed, **usual) for seed in range(SEEDS)],
        [job_of("lsq", seed=seed, k=5, **usual) for seed in range(SEEDS)],
    ]
    runs = [_steps(Training(jobs, data)) for jobs in packs]
    times = [[next(run) for run in runs] for _ in range(TURNS + 1)][1:]  # the first turn traces
    one, other = (sorted(column)[TURNS // 2] for column in zip(*times, strict=True))
    return 1e3 * one, 1e3 * other


def _steps(training: Training) -> Iterator[float]:
    """The mean time of a step, epoch by epoch."""
    batches = Batches(training.model, training.data.rows("train"))
    step = Steps(training.model, training.data, batches.dropout, batches.whose)
    epoch = 0
    while True:
        given = list(batches.epoch(epoch))
        began = time.perf_counter()
        for each in given:
            step(*each)
        yield (time.perf_counter() - began) / len(given)
        epoch += 1
