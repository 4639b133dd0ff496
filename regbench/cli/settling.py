"""Show which claims of a paper more time would settle, as text or JSON data."""

from typing import TYPE_CHECKING, Any

from regbench.cli.output import amount, duration

if TYPE_CHECKING:
    from regbench.runner.settle import Further


def as_data(further: "Further") -> dict[str, Any]:
    """The claims that more time would settle, as data for JSON."""
    claims = [
        {"id": bill.claim, "jobs": bill.jobs, "seconds": bill.seconds, "seeds": bill.seeds, "why_not": bill.why or None}
        for bill in further.bills
    ]
    return {"jobs": further.jobs, "seconds": further.seconds, "claims": claims}


def as_text(further: "Further") -> str:
    """The claims that more time would settle, in a few lines."""
    runs = [f"{bill.claim} ({duration(bill.seconds)})" for bill in further.bills if bill.jobs]
    seeds = [f"{bill.claim} ({bill.seeds} seeds, {duration(bill.seconds)})" for bill in further.bills if bill.seeds]
    idle = [f"{bill.claim} ({bill.why})" for bill in further.bills if bill.why]
    lines = [f"{amount(len(further.bills), 'claim')} open"]
    if runs:
        rest = f"about {duration(further.seconds)} more would train the {amount(further.jobs, 'job')} that they need"
        lines.append(f"{rest}; for one claim by itself: {', '.join(runs)}")
    if seeds:
        lines.append(f"more seeds than the benchmark has might settle {', '.join(seeds)}")
    if idle:
        lines.append(f"no run of the benchmark would settle {', '.join(idle)}")
    return "\n".join(lines)
