"""`regbench run --until-decided A B`: what was added, what was seen at each look, and how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from regbench.campaign.places import is_there, option
from regbench.cli import following
from regbench.cli.output import amount, duration, emit, emit_json, say
from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    from regbench.analysis import Comparison
    from regbench.campaign.choosing import Wanted
    from regbench.campaign.deciding import Outcome
    from regbench.cli.asked import Place
    from regbench.runner import Request


def decide(
    wanted: "Wanted", methods: tuple[str, str], request: "Request", place: "Callable[[], Place]", *, db: str, json: bool
) -> None:
    """Train further seeds of two methods until their verdict is clear."""
    from regbench.campaign.campaign import Campaign
    from regbench.campaign.deciding import Deciding
    from regbench.campaign.deciding.question import Question
    from regbench.cli.events import Listener

    if request.budget_s is None:
        raise UsageError("--until-decided needs a limit, such as --budget 20m")
    if wanted.methods or wanted.seeds or request.shard or request.choose_again:
        raise UsageError(
            "--until-decided chooses methods and seeds: leave out --method, --seed, --shard, --choose-again"
        )
    question = Question.of(replace(wanted, names=[_base(wanted, db)]), *methods)
    with Listener() as listener:
        slots, cluster = place()  # only now are the tables known that nodes are sent
        campaign = Campaign(db, slots, replace(request, budget_s=None), listener, cluster)
        outcome = Deciding(campaign, question, request.budget_s).run()
    if json:
        emit_json("run", as_data(outcome), list(outcome.comparison.notes) if outcome.comparison else [])
    else:
        emit("\n".join(as_text(outcome)))
    outcome.results.check_interruption()
    if outcome.comparison and not json:
        words = following.command("compare", *methods, "--benchmark", outcome.benchmark)
        say(f"next: {words}{option(db)}")
    outcome.results.check_failures()
    outcome.results.check_obstacles()


def check(*, every: bool, dry_run: bool, verify: bool) -> None:
    """Refuse options that mean nothing here."""
    given = {"--all": every, "--dry-run": dry_run, "--verify-packing": verify}
    if wrong := [name for name, is_given in given.items() if is_given]:
        raise UsageError(f"--until-decided trains in rounds of one benchmark: leave out {', '.join(wrong)}")


def _base(wanted: "Wanted", db: str) -> str:
    """The benchmark that is named, or the one run last, without the seeds that were added to it."""
    from regbench.analysis.sequences import of_config
    from regbench.campaign.places import database

    if len(wanted.names) > 1:
        raise UsageError(f"--until-decided takes one benchmark, not {len(wanted.names)}")
    if not is_there(db):
        if wanted.names:
            return wanted.names[0]
        raise NothingMeasured("there are no results yet: name a benchmark, such as smoke")
    with database(db) as store:
        name = wanted.names[0] if wanted.names else store.last_benchmark()
        if name is None:
            raise NothingMeasured("there are no results yet: name a benchmark, such as smoke")
        known = of_config(store.config(name))
    return known[0].base if known else name


def chosen(pairs: Mapping[str, int]) -> str:
    """Which seeds are added: `CA 3, EL 1`."""
    from regbench.analysis import order

    counts = ", ".join(f"{order.alias(name)} {count}" for name, count in pairs.items())
    return f"adding {amount(sum(pairs.values()), 'pair')} of seeds: {counts}"


def look(number: int, planned: int, found: "Comparison") -> str:
    """A look in one line."""
    overall = found.overall
    between = "no interval" if overall.low is None else f"{overall.low:+.2g} to {overall.high:+.2g} %"
    needed = 1 - (found.look_level or found.level)
    return (
        f"look {number} of {planned}: {overall.pairs} pairs, difference {overall.percent:+.2g} % ({between}; this look "
        f"needs p < {needed:.2g}): {found.verdict}"
    )


def as_text(outcome: "Outcome") -> list[str]:
    """How it ended: the verdict, what was spent, and what would settle it."""
    from regbench.campaign.deciding import Stopped

    found, looks = outcome.comparison, outcome.sequential.looks
    seconds, jobs = sum(look.core_seconds for look in looks), sum(look.jobs for look in looks)
    lines = [found.sentence if found else "there is nothing to compare yet"]
    if outcome.stopped is not Stopped.DECIDED:
        lines.append(f"undecided: {outcome.stopped.value}")
        lines += [outcome.advice] if outcome.advice else []
    if jobs:
        spent = f"{amount(jobs, 'job')}, {duration(seconds)} of a core, in {amount(len(looks), 'look')}"
        lines.append(f"spent on it: {spent}; its seeds are in {outcome.benchmark}")
    return lines


def as_data(outcome: "Outcome") -> dict[str, Any]:
    """Everything as plain data."""
    return {
        "benchmark": outcome.benchmark,
        "stopped": outcome.stopped.name.lower(),
        "advice": outcome.advice,
        "sequential": outcome.sequential.data(),
        "comparison": outcome.comparison.data() if outcome.comparison else None,
    }
