"""Ask the clients openml, ucimlrepo and medmnist for the address and checksum of a file; we download it ourselves.

The client openml is also asked what a suite holds.

Each client runs in its own process, `python -m regbench.data.clients openml 44136`: openml makes requests without a
time limit, ucimlrepo would load the file itself, and openml and medmnist create folders in the home folder (here a
temporary one). None of this should take time or memory of a process that trains.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regbench.data.raw import Refused

SECONDS = 60.0  # for one answer, the client's imports included
MARK = "regbench-address:"  # the line of the answer; clients print lines of their own
SUITE = "openml-suite"
HOME_VARIABLES = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "OPENML_CACHE_DIR")


@dataclass(frozen=True)
class Address:
    """The address of a file, and its checksum (`md5:...`) if the source publishes one."""

    url: str
    checksum: str | None = None


def ask(client: str, dataset: str, server: str = "", *, seconds: float = SECONDS) -> Address:
    """The address of a dataset's file, according to a client; raises `Refused` if it gives none.

    Args:
        client: openml, ucimlrepo or medmnist.
        dataset: its number or name there.
        server: a server to ask instead of the client's default.
        seconds: how long to wait for the answer.
    """
    return Address(**_asked(client, dataset, server, seconds))


def ask_suite(number: int, server: str = "", *, seconds: float = SECONDS) -> list[dict[str, Any]]:
    """The tasks of a suite of OpenML, each with task, dataset, name, target and kind; raises `Refused` without any."""
    return _asked(SUITE, str(number), server, seconds)["members"]


def _asked(client: str, dataset: str, server: str, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "regbench.data.clients", client, dataset, *([server] if server else [])]
    with tempfile.TemporaryDirectory(prefix="regbench-", ignore_cleanup_errors=True) as home:
        try:
            done = subprocess.run(
                command, env=_environment(home), capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise Refused(f"no answer within {seconds:g} s") from None
    answer = next((line for line in done.stdout.splitlines() if line.startswith(MARK)), None)
    if answer is None:
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise Refused(f"the package {client.partition('-')[0]} failed: {last[:200]}")
    fields = json.loads(answer.removeprefix(MARK))
    if "error" in fields:
        raise Refused(fields["error"])
    return fields


def _environment(home: str) -> dict[str, str]:
    """Our environment variables, with a temporary home folder."""
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    changed = dict.fromkeys(HOME_VARIABLES, home)
    return {**os.environ, **changed, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}


def main(client: str, dataset: str, server: str = "") -> None:
    """The process of one client: answer with one line of JSON on standard output."""
    known = {"openml": openml_address, SUITE: suite_tasks, "ucimlrepo": uci_address, "medmnist": medmnist_address}
    asked = known[client]
    try:
        answer = asked(dataset, server)
    except Exception as error:  # any exception of a client is a reason to refuse this source
        reason = str(error).strip().splitlines() or [""]
        answer = {"error": f"{type(error).__name__}: {reason[0][:200]}"}
    print(f"{MARK}{json.dumps(answer)}")  # noqa: T201 - standard output is how the answer travels


def openml_address(dataset: str, server: str) -> dict[str, Any]:
    """Address and MD5 of the ARFF file of an OpenML dataset."""
    import openml

    openml.config.connection_n_retries = 1
    if server:
        openml.config.server = server
    found = openml.datasets.get_dataset(int(dataset), download_data=False)
    if str(found.format).lower() != "arff":
        raise ValueError(f"it is {found.format}, not ARFF")
    if not found.url:
        raise ValueError("it has no address")
    return {"url": found.url, "checksum": f"md5:{found.md5_checksum}" if found.md5_checksum else None}


def suite_tasks(suite: str, server: str) -> dict[str, Any]:
    """The tasks of a suite in its own order; all of them are asked for at once."""
    import openml

    openml.config.connection_n_retries = 1
    if server:
        openml.config.server = server
    asked = openml.study.get_suite(int(suite)).tasks or []
    if not asked:
        raise ValueError("it has no task")
    listed: Any = openml.tasks.list_tasks(task_id=asked, output_format="dataframe")
    rows = {int(row["tid"]): row for row in listed.to_dict("records")}
    if missing := [task for task in asked if task not in rows]:
        raise ValueError(f"OpenML lists no task {', '.join(map(str, missing[:5]))} of it")
    fields = {"dataset": "did", "name": "name", "target": "target_feature", "kind": "task_type"}
    return {"members": [{"task": task} | {ours: rows[task].get(its) for ours, its in fields.items()} for task in asked]}


def uci_address(dataset: str, server: str) -> dict[str, Any]:
    """Address of the CSV file of a UCI dataset: the file that ucimlrepo loads after its metadata."""
    from types import SimpleNamespace

    import ucimlrepo.fetch

    class Found(Exception):
        """Carries the address out of ucimlrepo, before it loads the file."""

    def tell(url: str) -> None:
        raise Found(url)

    if server:
        ucimlrepo.fetch.API_BASE_URL = server
    ucimlrepo.fetch.pd = SimpleNamespace(read_csv=tell)  # in this process only; we load and check the file ourselves
    try:
        ucimlrepo.fetch.fetch_ucirepo(id=int(dataset))
    except Found as found:
        return {"url": str(found)}
    raise ValueError("it has no CSV file")


def medmnist_address(dataset: str, _: str) -> dict[str, Any]:
    """Address and MD5 of a MedMNIST archive at 28 x 28, from the package's own list."""
    import runpy
    from importlib.util import find_spec

    package = find_spec("medmnist")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the package medmnist is not installed")
    # Read the list alone: importing the package also imports torch and imaging libraries, which takes six seconds.
    known = runpy.run_path(str(Path(package.origin).with_name("info.py")))["INFO"][dataset]
    return {"url": known["url"], "checksum": f"md5:{known['MD5']}"}


if __name__ == "__main__":
    main(*sys.argv[1:])
