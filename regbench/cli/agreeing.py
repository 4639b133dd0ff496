"""Text about several runs of the same jobs: which agree, and how large the effect of the environment is."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from regbench.cli.output import amount, columns, paint, short

if TYPE_CHECKING:
    from regbench.campaign.agreement import Agreement
    from regbench.store import Pair

SHOWN = 5  # jobs and metrics; --json has all
RULE = "tables show the run that ended last, `regbench why` and `regbench runs` show all"


def lines(found: "Agreement") -> Iterator[str]:
    """The agreement of a whole store; nothing if no job was finished several times."""
    if not found.jobs:
        return
    several = f"{amount(found.jobs, 'job')} finished several times by the same code: "
    same = f"{found.alike:,} alike to the last bit in all {found.numbers:,} numbers that both have"
    if not found.differing:
        yield several + same
        return
    yield f"{several}{found.alike:,} alike to the last bit, {paint(f'{found.jobs - found.alike:,} differ', 'yellow')}"
    for each in found.environments[:SHOWN]:
        unlike = "; ".join(f"{name} {one} / {other}" for name, one, other in each.unlike) or "nothing that is recorded"
        yield f"environment effect: {each.one} / {each.other}, {amount(each.jobs, 'job')}; they differ in {unlike}"
    rows = [[of.metric, of.jobs, _size(of.largest), _share(of.relative), of.where] for of in found.metrics[:SHOWN]]
    yield columns(rows, header=["metric", "jobs", "largest", "relative", "where"])
    if len(found.metrics) > SHOWN:
        yield f"... and {amount(len(found.metrics) - SHOWN, 'more metric')}; --json has all"
    for pair in found.differing[:SHOWN]:
        yield f"  {pair.dataset} {pair.label}: {values(pair)}"
    if len(found.differing) > SHOWN:
        yield f"  ... and {len(found.differing) - SHOWN:,} more; --json has all"
    yield RULE


def of_pair(pair: "Pair") -> str:
    """Two runs of one job in a line."""
    runs = " and ".join(f"{short(run.uuid)} ({_where(run.host)})" for run in (pair.counts, pair.other))
    if pair.alike:
        return f"runs {runs} agree to the last bit in {pair.numbers:,} numbers"
    worst = max(pair.effects, key=lambda name: pair.effects[name].relative or 0.0)
    share = pair.effects[worst].relative
    most = "" if share is None else f", most in {worst}, by up to {_share(share)}"
    unlike = "; ".join(f"{name} {one} / {other}" for name, one, other in pair.unlike) or "nothing that is recorded"
    return f"runs {runs} differ{most}: {values(pair)}; their environments differ in {unlike}"


def values(pair: "Pair") -> str:
    """The numbers of two runs at the epochs that count; the first is the one in tables."""
    one, other = (_value(run.value) for run in (pair.counts, pair.other))
    return f"{pair.metric} {one} ({_where(pair.counts.host)}, in tables) and {other} ({_where(pair.other.host)})"


def _where(host: str | None) -> str:
    from regbench.campaign.agreement import named

    return named(host)


def _value(value: float | None) -> str:
    return "not finite or not kept" if value is None else f"{value:.8g}"


def _size(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.2g}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2g} %"
