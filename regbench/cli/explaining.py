"""The text of `regbench why`, in paragraphs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from regbench.cli.agreeing import of_pair
from regbench.cli.output import amount, columns, paint, short
from regbench.errors import some

if TYPE_CHECKING:
    from regbench.campaign.why import Adopted, Run, Why
    from regbench.store import Choice

USUAL = ("python", "system", "processor", "host")  # of an environment, on one line
HEADER = ("epoch", "seconds", "run", "code", "packed", "state")  # of the table of runs, after seed and errors
OF_NO_CELL = ("dataset", "digest")  # shown under data


def lines(found: "Why") -> Iterator[str]:
    """The answer, line by line."""
    at = "" if found.k is None else f" at k = {found.k}"
    yield paint(f"{found.variant}{at} on {found.dataset}, benchmark {found.benchmark}", "bold")
    yield f"test {found.metric} {_number(found)}"
    yield ""
    yield _runs(found)
    yield ""
    if found.witnesses:
        yield (
            paint("witnesses", "bold") + ": several finished runs of one job by the same code; the one in tables first"
        )
        yield from (f"  {pair.label}: {of_pair(pair)}" for pair in found.witnesses)
        yield ""
    yield from _configuration(found)
    yield ""
    yield from _choice(found.choice)
    origins = [environment["imported"] for environment, _, _ in found.environments if "imported" in environment]
    for code in found.codes if not origins else ():
        yield from _code(code)
    yield from _data(found)
    for environment, device, seeds in found.environments:
        yield from _environment(environment, device, seeds)


def _number(found: "Why") -> str:
    finite = sum(run.test is not None for run in found.runs)
    units = "of targets scaled to [0, 1]" if found.targets == "scaled" else "in units of the target"
    if found.mean is None:
        return f"none: 0 of {amount(len(found.runs), 'seed')} finished with a finite error"
    seeds = f"{finite} of {amount(len(found.runs), 'seed')}, {units}"
    if found.std is None:
        return f"{found.mean:.6g}, of {seeds}"
    return f"{found.mean:.6g} ± {found.std:.6g}, mean and standard deviation of {seeds}"


def _runs(found: "Why") -> str:
    header = ["seed", f"val {found.metric}", f"test {found.metric}", *HEADER]
    rows = [_run(run) for run in found.runs]
    known = [place for place in range(len(header)) if any(row[place] is not None for row in rows)]
    return columns([[row[place] for place in known] for row in rows], header=[header[place] for place in known])


def _run(run: "Run") -> list[Any]:
    executed = run.execution
    if executed is None:
        return [run.seed, *[None] * 7, "not run"]
    epoch = f"{run.best_epoch} of {executed.epochs}" if run.best_epoch is not None else f"- of {executed.epochs}"
    seconds = None if executed.seconds is None else round(executed.seconds, 1)
    return [
        run.seed,
        None if run.val is None else float(f"{run.val:.6g}"),
        None if run.test is None else float(f"{run.test:.6g}"),
        epoch,
        seconds,
        short(executed.uuid),
        short(executed.code_digest),
        executed.packed if "imported" not in executed.environment else None,
        _state(run),
    ]


def _state(run: "Run") -> str:
    executed = run.execution
    assert executed is not None
    state = executed.status if executed.diverged_at is None else f"diverged at epoch {executed.diverged_at}"
    state = state if run.accepted else f"not accepted: {state}"
    if executed.error:
        state += f", {executed.error.partition(chr(10))[0]}"
    elif run.accepted and executed.resumed:
        exact = all(resumption["exact"] for resumption in executed.resumed)
        state += f", resumed {'exactly' if exact else 'in other company'}"
    return f"{state} (+ {amount(run.others, 'other run')})" if run.others else state


def _configuration(found: "Why") -> Iterator[str]:
    yield paint("configuration", "bold")
    shown = {name: value for name, value in found.config.items() if name not in OF_NO_CELL and value not in ("", ())}
    for group in dict.fromkeys(name.rpartition(".")[0] for name in shown):
        own = {name: value for name, value in shown.items() if name.rpartition(".")[0] == group}
        yield f"  {group or 'job'}: {_assignments({name.rpartition('.')[2]: value for name, value in own.items()})}"
    if found.neighbour is None:
        return
    yield f"  beside {found.neighbour}:{'' if found.unlike else ' no field differs'}"
    for name, (own, other) in found.unlike.items():
        yield f"    {name}: {_value(own)} here, {_value(other)} there"


def _choice(choice: "Choice | None") -> Iterator[str]:
    if choice is None:
        return
    yield paint("chosen values", "bold")
    carried = f" at k = {choice.carried_from_k}" if choice.carried_from_k is not None else ""
    yield f"  {_assignments(choice.values) or 'the defaults'}, by the best {choice.by} of {choice.source}{carried}"
    usual = "" if choice.default_metric is None else f", of the defaults {choice.default_metric:.6g}"
    best = "every one diverged" if choice.metric is None else f"{choice.by} of the best {choice.metric:.6g}{usual}"
    yield f"  {amount(choice.tried, 'configuration')} tried, {choice.diverged:,} diverged; {best}"
    if choice.on_edge:
        yield f"  on the edge of what was tried: {', '.join(choice.on_edge)}"


def _code(code: "Adopted") -> Iterator[str]:
    yield paint(f"code {code.digest}", "bold") + f", seeds {_seeds(code.seeds)}"
    for commit, dirty in code.commits:
        yield f"  commit {commit or 'not recorded'}{', with changed files' if dirty else ''}"
    match code.standing:
        case "present":
            yield "  it is the present code"
        case "adopted":
            yield f"  shown to compute the same as the present code, {code.present}:"
            for step in code.evidence:
                yield f"    {_evidence(step)}"
        case _ if code.present is None:
            yield "  the present code cannot train this job; `regbench stale` says why"
        case _:
            yield f"  the present code is {code.present}; `regbench stale --why` names what changed"
    if code.alike and code.standing == "outgrown":
        yield f"  shown to compute the same as code {some(code.alike)}"


def _evidence(step: Mapping[str, Any]) -> str:
    told = step["evidence"]
    jobs = told.get("jobs", ())
    count = jobs if isinstance(jobs, int) else len(jobs)
    text = f"{short(step['old'])} = {short(step['new'])}: {amount(count, 'job')} trained with both"
    if "numbers" in told:
        text += f", {told['numbers']:,} numbers alike to the last bit"
    where = [told[name] for name in ("processor", "python") if told.get(name)]
    return f"{text}{f' (on {where[0]})' if where else ''}, code of {short(step['commit'])}"


def _data(found: "Why") -> Iterator[str]:
    yield paint(f"data {found.config['digest']}", "bold")
    if found.rows is not None:
        sizes = " / ".join(f"{size:,}" for size in found.rows.sizes)
        yield f"  {sizes} rows to train, validate and test; source: {found.rows.source or 'not recorded'}"
        yield f"  licence: {found.rows.licence or 'not recorded'}"
    if found.same_data is not None:
        yield "  it is the present table" if found.same_data else "  the present table has another digest"
    yield f"  split: {found.config['protocol.split']}"
    yield f"  the epoch that counts has the best {found.decides}"


def _environment(environment: Mapping[str, Any], device: str, seeds: list[int]) -> Iterator[str]:
    if origin := environment.get("imported"):
        yield paint("imported", "bold") + f", not trained here, seeds {_seeds(seeds)}"
        yield f"  from {origin['file']}, at {origin['when']}"
        if "predictions" in origin:
            yield f"  errors measured here from predictions in {origin['predictions']}"
        yield f"  {origin['digest']}"
        return
    yield paint(f"environment on {device}", "bold") + f", seeds {_seeds(seeds)}"
    usual = [f"{name} {environment[name]}" for name in USUAL if environment.get(name)]
    versions = [f"{name} {version}" for name, version in environment.get("libraries", {}).items()]
    flags = _assignments(environment.get("flags", {}))
    for text in (", ".join(usual), ", ".join(versions), flags):
        if text:
            yield f"  {text}"
    if command := environment.get("command"):
        inputs = f", inputs {', '.join(command['inputs'])}" if command["inputs"] else ", without inputs"
        yield f"  it ran {command['line']} in {command['folder']}{inputs}"
    if environment.get("arguments"):
        yield f"  regbench {' '.join(environment['arguments'])}"


def _seeds(seeds: "tuple[int, ...] | list[int]") -> str:
    return ", ".join(map(str, seeds))


def _assignments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    return "-" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)
