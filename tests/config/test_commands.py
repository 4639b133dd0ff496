"""Programs of the user's own in benchmarks.yaml: the rows that they are, and what is refused."""

from pathlib import Path

import pytest

from regbench import catalog, config, kinds, roots
from regbench.config import Benchmark
from regbench.errors import UsageError

EXAMPLE = Path(__file__).parents[2] / "docs" / "own_script" / "benchmarks.yaml"


def load(folder: Path, text: str, name: str = "mine") -> Benchmark:
    (folder / "train.py").touch()
    (folder / "benchmarks.yaml").write_text(text, encoding="utf-8")
    return config.load(folder / "benchmarks.yaml").get(name)


def test_the_one_command_of_a_benchmark_is_a_row_of_its_name(in_tmp: Path) -> None:
    said = (
        "kind: command\n  command: python train.py --seed {seed}\n  gpus: 1\n  inputs: [train.py]\n  time_limit: 1h30m"
    )
    made = load(in_tmp, f"my-net:\n  {said}\n", "my-net")
    assert [(job.method, job.dataset, job.digest, job.seed) for job in made.jobs] == [
        ("my_net", "my-net", "name:my-net", seed) for seed in range(5)
    ]
    command = roots.own_command("my_net")
    assert command
    assert command.words == ("python", "train.py", "--seed", "{seed}")
    assert (command.gpus, command.limit_s, command.inputs) == (1, 5400.0, ("train.py",))


def test_the_grid_is_filled_by_what_a_command_names(in_tmp: Path) -> None:
    text = """
mine:
  datasets: [CA, theirs]
  commands:
    all: python train.py {seed} {k} {dataset} {epochs}
    none: python train.py
    rate: {command: "python train.py {seed} {rate}", rate: [0.1, 1]}
  k: [5, 25]
  seeds: 2
  protocol: {epochs: 7, split: fixed}
"""
    made = load(in_tmp, text)
    counts = {method: [job for job in made.jobs if job.method == method] for method in ("all", "none", "rate")}
    assert {method: len(jobs) for method, jobs in counts.items()} == {"all": 8, "none": 2, "rate": 8}
    assert {made.label(job) for job in counts["rate"]} == {"rate[rate=0.1]", "rate[rate=1]"}
    assert {job.protocol.epochs for job in counts["all"]} == {7}
    assert {job.protocol.epochs for job in counts["rate"]} == {1}
    assert {job.digest for job in made.jobs if job.dataset == "cpu_act"} == {
        catalog.entry("datasets", "cpu_act").arguments["digest"]
    }
    assert made.notes == ("theirs: no dataset of the catalog, and so only a name for these commands",)
    assert {job.protocol.targets for job in made.jobs} == {"raw"}


def test_commands_stand_beside_our_methods(in_tmp: Path) -> None:
    made = load(in_tmp, "mine:\n  datasets: [CA]\n  methods: [lsq]\n  commands: {net: python train.py}\n  seeds: 1\n")
    assert [(job.method, kinds.is_ours(job.method)) for job in made.jobs] == [("lsq", True), ("net", False)]


def test_a_metric_that_is_none_of_ours_decides_with_its_direction(in_tmp: Path) -> None:
    made = load(in_tmp, "mine:\n  command: python train.py\n  protocol: {decide: score}\n  better: high\n")
    [job] = made.jobs
    assert (job.protocol.decide, kinds.loss(job)(2.0)) == ("val/score", -2.0)


def test_a_benchmark_extends_one_with_commands(in_tmp: Path) -> None:
    text = "base:\n  command: python train.py {dataset}\nmine:\n  extends: base\n  kind: command\n  datasets: [a, b]\n"
    assert [(job.method, job.dataset) for job in load(in_tmp, text).jobs] == [("base", "a"), ("base", "b")]


def test_the_example_is_understood() -> None:
    made = config.load(EXAMPLE).get("diabetes")
    labels = dict.fromkeys(made.label(job) for job in made.jobs)
    assert list(labels) == ["network", "forest[leaf=5]", "forest[leaf=20]"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("command: python {sed}", "benchmarks.yaml:2, mine.command: has no value for {sed}; did you mean 'seed'?"),
        ("command: [python, '{']", "has a single '{'; write it twice to mean itself"),
        ("command: python a.py | tee log", "has '|', which only a shell understands; add `shell: true`"),
        ("command: 'python \"a.py'", "cannot be split into words: no closing quotation"),
        ("command: ''", "must be a command such as python train.py --seed {seed}, not ''"),
        ("command: python a.py\n  inputs: [sr]", "inputs: there is no file or folder sr beside benchmarks.yaml"),
        ("command: python a.py\n  gpus: 2", "gpus must be 0 or 1, not 2: a job has one slot, and that at most one GPU"),
        ("command: python a.py\n  time_limit: long", "time_limit must be a time such as 90s, 30m or 1h30m, not 'long'"),
        ("command: python a.py\n  kind: program", "mine.kind: must be command, or left out, not 'program'"),
        ("commands: [python a.py]", "must be commands by name, such as {mine: python train.py --seed {seed}}, not ['p"),
        ("commands: {lsq: python a.py}", "mine.commands.lsq: 'lsq' is a method already; name the command otherwise"),
        ("commands: {a b: python a.py}", "'a b' cannot name a row: use letters, digits and underscores"),
        ("commands: {a: {command: python a.py, rate: 1}}", "mine.commands.a: {rate} is not in the command"),
        (
            "commands: {a: {command: 'python {seed}', seed: 1}}",
            "seed is filled in from the grid, and cannot be set here",
        ),
        ("commands: {a: python a.py}\n  command: python b.py", "has both command and commands; name all of them under"),
        ("methods: [lsq]\n  datasets: [CA]\n  inputs: [a]", "mine.inputs: is about a command, and there is none here"),
        ("command: python a.py\n  datasets: ['a b']", "'a b' cannot name a dataset: it has a blank"),
        (
            "command: python a.py\n  protocol: {decide: score}",
            "says val/score, which is none of our metrics; add `bette",
        ),
        ("command: python a.py\n  better: high", "mine.better: val/rmse is ours, and lower is better; leave this out"),
        ("commands: {a: python {k}}", "benchmarks.yaml:2"),
        ("command: 'python {k}'", "names no k, and mine needs one, such as `k: [25]`"),
        ("comand: python a.py", "no field called 'comand'; did you mean 'command'?"),
        ("command: python a.py\n  methods: [lsq]\n  datasets: [CB]", "no dataset called 'CB'"),
    ],
)
def test_a_wrong_entry_is_one_line_with_its_place(in_tmp: Path, entry: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        load(in_tmp, f"mine:\n  {entry}\n")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_one_name_means_one_command(in_tmp: Path) -> None:
    with pytest.raises(UsageError, match=r"other.commands.net: net is another command in a benchmark above"):
        load(in_tmp, "mine:\n  commands: {net: python a.py}\nother:\n  commands: {net: python b.py}\n")
