"""Gate regbench's own results: `python tools/gate.py [options of regbench gate]`, or `--bless REASON [options]`.

The data are scikit-learn's diabetes, which need no network. Where the machine is that of the lock file, a few runs are
replayed in seconds; elsewhere both codes are trained, in less than a minute on two cores. `--bless` trains the small
benchmark in a database of its own and records it; give `--commit REV` where HEAD is not to stay.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".ci" / "gate"
TABLE, LOCK, FILE = FOLDER / "diabetes.csv", FOLDER / "regbench.lock.yaml", FOLDER / "benchmarks.yaml"
BENCHMARK, TARGET = "own-gate", "progression"


def main(arguments: list[str]) -> int:
    """Write the table, then gate or bless."""
    write_table(TABLE)
    if arguments[:1] == ["--bless"]:
        return bless(*arguments[1:])
    return regbench("gate", "--baseline", LOCK, *arguments)


def write_table(path: Path) -> None:
    """The diabetes table as scikit-learn ships it, unscaled: 442 rows, ten inputs."""
    from sklearn.datasets import load_diabetes

    data: Any = load_diabetes(scaled=False)
    rows = zip(data["data"].tolist(), data["target"].tolist(), strict=True)
    lines = [",".join(map(repr, [*inputs, target])) for inputs, target in rows]
    path.write_text("\n".join([",".join([*data["feature_names"], TARGET]), *lines, ""]), encoding="utf-8")


def bless(reason: str, *rest: str) -> int:
    """Train the benchmark and record it."""
    with TemporaryDirectory(prefix="regbench-gate-") as folder:
        options = ("--file", FILE, "--db", Path(folder) / "gate.db")
        code = regbench("run", BENCHMARK, "--data", TABLE, "--target", TARGET, "--devices", "cpu", *options)
        return code or regbench("bless", "--reason", reason, "--output", LOCK, *rest, *options)


def regbench(*arguments: object) -> int:
    """Run a command of regbench and return its exit code."""
    return subprocess.run([sys.executable, "-m", "regbench", *map(str, arguments)], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
