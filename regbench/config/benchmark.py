"""A named grid of jobs: expansion of an entry, and filters."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from regbench import catalog, kinds, roots, variants
from regbench.config.methods import Variant, parse_variant
from regbench.config.names import resolve, resolve_part, resolve_row
from regbench.config.spec import Spec
from regbench.config.sweep import Stage
from regbench.config.tables import check_groups
from regbench.errors import UsageError, WrongValueError
from regbench.job import Job, Protocol, differs_by_seed, pairs
from regbench.owncommands import BETTER, NAMED
from regbench.owntables import means

MOST_JOBS = 1_000_000
COLUMNS, IMAGES, MAPS = "columns", "images", "images with maps of targets"  # what rows can be
NAME = "nothing but a name"  # what a dataset is that only programs of the user know
Test = tuple[str, Any, Callable[[Job], bool]]  # an option, its value, and whether a job passes
UNTRAINED_BACKBONE = "none"
OF_DATA = {"split", "keep_predictions", "inputs", "targets", "label_noise"}  # fields that concern baselines too
UNTRAINED = Protocol(batch_size=0, weight_decay=0.0, dropout=0.0, epochs=1)  # of baselines: no field affects them
PROGRAM = replace(UNTRAINED, targets="raw")  # of the user's programs, whose errors have the unit of the target
PROGRAM_BY = {"split", "targets", "epochs", "decide"}


@dataclass(frozen=True)
class Choosing:
    """The sweeps that give a benchmark the values of its rows, and the validation metric that decides."""

    by: str
    sources: tuple["Benchmark", ...]


@dataclass(frozen=True)
class Benchmark:
    """A named grid of jobs.

    The jobs of a sweep, and of a benchmark that chooses, are its rows with their default values. The values to train
    are known only together with a store (`runner.sweep.choice`).
    """

    name: str
    description: str
    jobs: tuple[Job, ...]  # the jobs to run: all, or those that pass the filters
    config: dict[str, Any]  # the resolved entry of the file, as plain data
    whole: tuple[Job, ...] = field(default=())  # all jobs, regardless of filters
    sweep: tuple[Stage, ...] = ()
    choose: Choosing | None = None
    fixed: Mapping[str, frozenset[str]] = field(default_factory=dict)  # label of a row -> settings no sweep changes
    named: frozenset[tuple[str, str]] = frozenset()  # datasets and their backbones that labels name
    notes: tuple[str, ...] = ()  # what was asked for but gives no job

    def __post_init__(self) -> None:
        if not self.whole:
            object.__setattr__(self, "whole", self.jobs)

    @property
    def size(self) -> int:
        """The number of jobs known before anything is trained; for a sweep, those of its first stage."""
        if not self.sweep:
            return len(self.whole)
        return sum(stages[0].size for job in self.whole if (stages := self.stages(job)))

    def stages(self, job: Job) -> list[Stage]:
        """The stages of the sweep that apply to a job's row."""
        fixed = self.fixed.get(self.label(job), frozenset())
        return [own for stage in self.sweep if (own := stage.of(job.method, fixed, job.parts))]

    def label(self, job: Job, hparams: Mapping[str, Any] | None = None) -> str:
        """The label of a job's row, which names the backbone where a dataset's rows have several.

        It is the row's from a job with the row's default values; `hparams` replace those of the method.
        """
        label = variants.of_job(job, hparams)
        return variants.on_backbone(label, job.backbone) if (job.dataset, job.backbone) in self.named else label


@dataclass(frozen=True)
class Facts:
    """What a job needs to know about its dataset."""

    name: str
    digest: str
    batch_size: int
    backbone: str
    kind: str = COLUMNS

    @property
    def images(self) -> bool:
        """Whether rows are images."""
        return self.kind in (IMAGES, MAPS)


def expand(name: str, spec: Spec) -> Benchmark:
    """The jobs of an entry, in the order of the file: datasets, methods, k, seeds."""
    check_groups(spec.datasets, spec.protocol.split or "fixed")
    return _grid(name, spec, [_facts(dataset) for dataset in spec.datasets])


def together(benchmark: Benchmark, others: Sequence[Benchmark]) -> Benchmark:
    """A benchmark with the jobs of others added, each job once."""
    jobs = tuple(dict.fromkeys(job for part in (benchmark, *others) for job in part.jobs))
    fixed = {label: names for part in (*others, benchmark) for label, names in part.fixed.items()}
    config = {**benchmark.config, "also": [other.config for other in others]}
    named = benchmark.named.union(*(other.named for other in others))
    return replace(benchmark, jobs=jobs, whole=jobs, config=config, fixed=fixed, named=named)


def filter_jobs(
    benchmark: Benchmark,
    *,
    datasets: Collection[str] = (),
    methods: Collection[str] = (),
    k: Collection[int] = (),
    seeds: Collection[int] = (),
) -> Benchmark:
    """The same benchmark with only the jobs that pass the filters; an empty filter passes everything.

    A bare name, also of a method with its parts, means all its variants in the benchmark; with brackets it means one. A
    filter on k keeps methods that
    ignore k. Raises `UsageError` for an unknown name, for a value that the benchmark does not have, and where nothing
    is left.
    """
    tests = _tests(benchmark, datasets=datasets, methods=methods, k=k, seeds=seeds)
    for option, value in _lacking(benchmark, tests):
        raise UsageError(f"--{option} {value}: {benchmark.name} has {_contents(benchmark, option)}")
    jobs = benchmark.jobs
    for option in ("dataset", "method", "k", "seed"):
        chosen = [passes for named, _, passes in tests if named == option]
        jobs = tuple(job for job in jobs if not chosen or any(passes(job) for passes in chosen))
    if not jobs:
        why = "; ".join(benchmark.notes)
        raise UsageError(f"no job of {benchmark.name} passes all the filters at once" + (f"; {why}" if why else ""))
    return replace(benchmark, jobs=jobs)


def lacking(
    benchmark: Benchmark,
    *,
    datasets: Collection[str] = (),
    methods: Collection[str] = (),
    k: Collection[int] = (),
    seeds: Collection[int] = (),
) -> list[tuple[str, Any]]:
    """The options and values, among those to filter by, of which the benchmark has no job."""
    return _lacking(benchmark, _tests(benchmark, datasets=datasets, methods=methods, k=k, seeds=seeds))


def _tests(
    benchmark: Benchmark,
    *,
    datasets: Collection[str],
    methods: Collection[str],
    k: Collection[int],
    seeds: Collection[int],
) -> list[Test]:
    by_method = [_method_filter(method) for method in methods]
    return [
        *(("dataset", name, partial(_is_dataset, _known_dataset(name, benchmark))) for name in datasets),
        *(
            ("method", name, partial(_is_method, benchmark.named, wanted))
            for name, wanted in zip(methods, by_method, strict=True)
        ),
        *(("k", bins, partial(_is_k, _known_k(bins))) for bins in k),
        *(("seed", seed, partial(_is_seed, seed)) for seed in seeds),
    ]


def _lacking(benchmark: Benchmark, tests: Sequence[Test]) -> list[tuple[str, Any]]:
    any_k = any(job.k is not None for job in benchmark.whole)
    return [
        (option, value)
        for option, value, passes in tests
        if not any(passes(job) for job in benchmark.whole if option != "k" or job.k is not None or not any_k)
    ]


def _grid(name: str, spec: Spec, datasets: Sequence[Facts]) -> Benchmark:
    rows = spec.variants
    if (most := len(datasets) * len(rows) * max(1, len(spec.k)) * len(spec.seeds)) > MOST_JOBS:
        raise UsageError(f"{name}: would have up to {most:,} jobs, and a benchmark has at most {MOST_JOBS:,}")
    usual = {
        facts.name: UNTRAINED_BACKBONE
        if facts.kind == NAME
        else _readable(facts, spec.backbone or (facts.backbone,))[0]
        for facts in datasets
    }
    cells = [
        (variant, _cell(facts, spec, variant, backbone))
        for facts in datasets
        for variant in rows
        if (variant.reads_images or not facts.images) and (facts.kind != NAME or not variant.is_ours)
        for backbone in _backbones(facts, spec, variant)
    ]
    jobs = tuple(
        replace(cell, k=k, seed=seed)
        for variant, cell in cells
        for k in (spec.k if variant.uses_k else [None])
        for seed in _seeds(spec, variant)
    )
    config = {
        "datasets": list(spec.datasets),
        "methods": [variant.label for variant in rows],
        "k": spec.k,
        "seeds": spec.seeds,
        "protocol": spec.protocol.model_dump(exclude_none=True),
        "backbones": spec.backbones,
    }
    if spec.backbone:
        config["backbone"] = spec.backbone[0] if len(spec.backbone) == 1 else list(spec.backbone)
    if spec.sweep:
        config["sweep"] = [stage.config() for stage in spec.sweep]
    if spec.choose:
        config["expected"] = dict(Counter(job.dataset for job in jobs))  # the jobs exist only after the choice
    named = frozenset(
        (cell.dataset, cell.backbone)
        for _, cell in cells
        if cell.backbone not in (usual[cell.dataset], UNTRAINED_BACKBONE)
    )
    notes = (*_without_images(rows, datasets), *_not_for(spec.backbone, datasets), *_only_names(rows, datasets))
    benchmark = Benchmark(name, spec.description, jobs, config, sweep=spec.sweep, named=named, notes=notes)
    return replace(benchmark, fixed={benchmark.label(cell): variant.fixed for variant, cell in cells})


def _seeds(spec: Spec, variant: Variant) -> list[int]:
    """All seeds, or only the first for a model that draws nothing on the same data: all seeds give the same numbers."""
    given = spec.protocol
    differs = differs_by_seed(given.split or "fixed") or bool(given.label_noise)
    return spec.seeds if variant.uses_seed or differs else spec.seeds[:1]


def _without_images(rows: Sequence[Variant], datasets: Sequence[Facts]) -> tuple[str, ...]:
    """One line on the rows that have no job on image datasets; nothing where all have one."""
    images = [facts.name for facts in datasets if facts.images]
    left_out = [variant.label for variant in rows if not variant.reads_images]
    if not images or not left_out:
        return ()
    return (f"not for images, and so not run on {', '.join(images)}: {', '.join(left_out)}",)


def _only_names(rows: Sequence[Variant], datasets: Sequence[Facts]) -> tuple[str, ...]:
    """One line on datasets that only programs of the user know, where these are also among ours or other rows are."""
    names = [facts.name for facts in datasets if facts.kind == NAME]
    ours = [variant.label for variant in rows if variant.is_ours]
    if names and ours:
        return (f"{', '.join(names)}: no dataset of the catalog, and so not for {', '.join(ours)}",)
    if names and len(names) < len(datasets):
        return (f"{', '.join(names)}: no dataset of the catalog, and so only a name for these commands",)
    return ()


def _readable(facts: Facts, backbones: Sequence[str]) -> list[str]:
    """Those of some backbones that read a dataset; `UsageError` where none does."""
    found = [name for name in backbones if _reads(name) == facts.kind]
    if not found:
        reads = " or ".join(dict.fromkeys(map(_reads, backbones)))
        few = "which reads" if len(backbones) == 1 else "which read"
        named = " or ".join(backbones)
        raise UsageError(f"{facts.name} cannot be read by {named}, {few} {reads}; its own is {facts.backbone}")
    return found


def _reads(backbone: str) -> str:
    """The kind of data that a backbone reads, as in `Facts.kind`."""
    said = catalog.entry("backbones", backbone).arguments
    return MAPS if said.get("dense") else IMAGES if said.get("images") else COLUMNS


def _not_for(backbones: Sequence[str], datasets: Sequence[Facts]) -> tuple[str, ...]:
    """One line for each backbone that does not read some of the datasets."""
    lacking = {name: [facts.name for facts in datasets if facts.kind not in (_reads(name), NAME)] for name in backbones}
    return tuple(
        f"{name} reads {_reads(name)}, and so was not run on {', '.join(without)}"
        for name, without in lacking.items()
        if without
    )


def _backbones(facts: Facts, spec: Spec, variant: Variant) -> list[str]:
    """The backbones of a row on a dataset."""
    if kinds.is_reference(variant.method) or not variant.is_ours:
        return [UNTRAINED_BACKBONE]
    own = (variant.backbone,) if variant.backbone else spec.backbone or (facts.backbone,)
    return _readable(facts, own)


def _cell(facts: Facts, spec: Spec, variant: Variant, name: str) -> Job:
    """The job of a variant on a dataset, before its k and its seed are set."""
    if name == UNTRAINED_BACKBONE:
        return _untrained(facts, spec, variant)
    backbone = catalog.entry("backbones", name)
    settings = {**backbone.hparams, **backbone.arguments.get("options", {}), **spec.backbones.get(name, {})}
    protocol = {
        "batch_size": facts.batch_size,
        "dropout": settings.pop("dropout"),
        "weight_decay": settings.pop("weight_decay"),
        **spec.protocol.model_dump(exclude_none=True),
    }
    return Job(
        dataset=facts.name,
        digest=facts.digest,
        method=variant.method,
        seed=0,
        protocol=Protocol(**protocol),
        hparams=variant.hparams,
        static=variant.static,
        backbone=name,
        options=pairs(settings),
        parts=variant.parts,
    )


def _untrained(facts: Facts, spec: Spec, variant: Variant) -> Job:
    """The job of a baseline or a program, which hardly depends on the benchmark's protocol."""
    usual, fields = (UNTRAINED, OF_DATA) if variant.is_ours else (PROGRAM, PROGRAM_BY)
    program = roots.own_command(variant.method)
    if program is not None and not program.uses("epochs"):
        fields = fields - {"epochs"}
    kept = spec.protocol.model_dump(include=fields, exclude_none=True)
    return Job(
        dataset=facts.name,
        digest=facts.digest,
        method=variant.method,
        seed=0,
        protocol=replace(usual, **kept),
        hparams=variant.hparams,
        static=variant.static,
        backbone=UNTRAINED_BACKBONE,
        options=() if variant.is_ours or spec.better is None else ((BETTER, spec.better),),
    )


def _facts(dataset: str) -> Facts:
    if dataset not in catalog.names("datasets"):
        return Facts(dataset, f"{NAMED}{dataset}", 1, UNTRAINED_BACKBONE, NAME)
    said = catalog.entry("datasets", dataset).arguments
    images = isinstance(said["inputs"], tuple)
    if not images and min(said["sizes"]) < 2:
        _check_rows(dataset, sum(said["sizes"]))
    usual = "cnn" if images else "mlp"
    kind = MAPS if said.get("task") == "dense" else IMAGES if images else COLUMNS
    return Facts(dataset, said["digest"], said["batch_size"], said.get("backbone", usual), kind)


def _check_rows(dataset: str, rows: int) -> None:
    """Refuse a table that cannot be split; only called for tiny ones, because it imports numpy."""
    from regbench.data.splits import FEWEST_ROWS

    if rows < FEWEST_ROWS:
        raise UsageError(f"{dataset} has {rows} rows; to be split it needs {FEWEST_ROWS} or more")


def _known_dataset(name: str, benchmark: Benchmark) -> str:
    datasets = {job.dataset for job in benchmark.whole}
    if found := [dataset for dataset in datasets if means(name, dataset)]:
        return found[0]
    try:
        return resolve("datasets", name)
    except UsageError as error:
        raise UsageError(f"--dataset: {error}") from None


def _method_filter(text: str) -> tuple[str, ...] | Variant:
    """The names of a method and its parts, or the variant that a text with settings means."""
    try:
        method, *added = variants.read(text)
        if any(part.settings for part in (method, *added)):
            return parse_variant(text)
        return (resolve_row(method.name), *sorted(resolve_part(part.name) for part in added))
    except (UsageError, WrongValueError) as error:
        raise UsageError(f"--method: {error}") from None


def _known_k(k: int) -> int:
    if k < 2:
        raise UsageError(f"--k {k}: a number of bins must be 2 or more")
    return k


def _is_dataset(wanted: str, job: Job) -> bool:
    return job.dataset == wanted


def _is_method(named: Collection[tuple[str, str]], wanted: tuple[str, ...] | Variant, job: Job) -> bool:
    if isinstance(wanted, tuple):
        return (job.method, *sorted(part.name for part in job.parts)) == wanted
    wants = (wanted.method, wanted.hparams, wanted.static, wanted.parts)
    on_another = (job.dataset, job.backbone) in named
    same = job.backbone == wanted.backbone if wanted.backbone else not on_another
    return same and (job.method, job.hparams, job.static, job.parts) == wants


def _is_k(wanted: int, job: Job) -> bool:
    return job.k is None or job.k == wanted


def _is_seed(wanted: int, job: Job) -> bool:
    return job.seed == wanted


def _contents(benchmark: Benchmark, option: str) -> str:
    """The values that a benchmark has for a filter."""
    read: dict[str, Callable[[Job], Any]] = {
        "dataset": lambda job: job.dataset,
        "method": benchmark.label,
        "k": lambda job: job.k,
        "seed": lambda job: job.seed,
    }
    values = dict.fromkeys(read[option](job) for job in benchmark.whole)
    return ", ".join(str(value) for value in values if value is not None) or "none"
