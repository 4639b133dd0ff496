"""The text of `regbench replay`: what was drawn, a line per job, and the verdict."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from regbench.analysis.seed_noise import ENOUGH_SEEDS
from regbench.campaign.replay.judge import CONSISTENT, DIFFERS, EXACT, FAILED, NO_BAND, OUTSIDE, WRONG
from regbench.cli.output import amount, duration, paint, short
from regbench.errors import some

if TYPE_CHECKING:
    from regbench.campaign.replay import Asked, Chosen, Replayed
    from regbench.campaign.replay.judge import Number

STYLES = {EXACT: "green", CONSISTENT: "green", NO_BAND: "yellow", **dict.fromkeys((*WRONG, FAILED), "red")}
WIDTH = max(map(len, STYLES))


def head(chosen: "Chosen", asked: "Asked") -> Iterator[str]:
    """How many jobs are trained again, of which, and what was left out."""
    count = len(chosen.candidates)
    drawn = f" of {chosen.pool:,} finished ones, drawn by --draw {asked.draw}" if asked.sample else ""
    yield f"replay: training {amount(count, 'job')} again{drawn}; about {duration(chosen.seconds)}"
    if asked.sample and count < asked.sample:
        yield f"replay: {count} of the {asked.sample} asked for"
    for why, number in chosen.left_out.items():
        yield f"left out: {amount(number, 'job')}: {why}"


def line(each: "Replayed") -> str:
    """One job in one line."""
    return f"{paint(each.verdict.ljust(WIDTH), STYLES[each.verdict])}  {each.label}: {_said(each)}"


def verdict(found: "Sequence[Replayed]", not_begun: int) -> str:
    """All jobs in one sentence."""
    counts = Counter(each.verdict for each in found)
    words = {
        EXACT: "the same to the last bit",
        CONSISTENT: "consistent with the noise of their seeds",
        NO_BAND: "not judged, for lack of seeds",
        DIFFERS: "DIFFERENT in the same environment",
        OUTSIDE: "OUTSIDE of the noise of their seeds",
        FAILED: "failed",
    }
    said = "; ".join(f"{counts[name]:,} {text}" for name, text in words.items() if counts[name])
    rest = f"; {amount(not_begun, 'job')} not begun, the budget was over" if not_begun else ""
    return f"{amount(len(found), 'job')} replayed: {said or 'none'}{rest}"


def _said(each: "Replayed") -> str:
    if each.verdict == FAILED:
        return each.error.partition("\n")[0]
    told = _exactly(each) if each.verdict in (EXACT, DIFFERS) else _roughly(each)
    return f"{told} ({duration(each.seconds)}; stored by {_code(each)})"


def _exactly(each: "Replayed") -> str:
    assert each.compared is not None, "a job that was trained was compared"
    numbers, epochs = f"{each.compared.numbers:,} numbers", f"{each.compared.epochs} of {amount(each.epochs, 'epoch')}"
    if (first := each.compared.first) is None:
        return f"{numbers} of {epochs}" if each.compared.numbers else "no number is stored"
    return (
        f"{first.name} of epoch {first.epoch} is {_number(first.again)}, stored {_number(first.stored)}; "
        f"{numbers} of {epochs} differ by up to {each.compared.worst:.1e}"
    )


def _roughly(each: "Replayed") -> str:
    told = "; ".join(map(_beside, each.numbers if each.verdict == OUTSIDE else each.numbers[-1:]))
    lacks = each.numbers[-1].band is None
    few = f"; {amount(each.other_seeds, 'other seed')}, a band needs {ENOUGH_SEEDS}" if lacks else ""
    return f"{told}{few}; bits are not comparable: {some(each.why_not_exact, most=2)}"


def _beside(number: "Number") -> str:
    told = f"{number.name} {_number(number.again)}, stored {_number(number.stored)}"
    if number.band is None:
        return told
    return f"{told}, 99.9 % band {number.band.low:.5g} to {number.band.high:.5g} of {number.band.seeds} other seeds"


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.6g}"


def _code(each: "Replayed") -> str:
    commit = f" of commit {short(each.commit)}" if each.commit else ""
    how = {"present": "this code", "adopted": "code shown to compute the same", "outgrown": "other code"}
    return f"{how[each.standing]}, {short(each.code)}{commit}"
