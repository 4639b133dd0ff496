"""Show the events of a campaign: a line for each step, and the progress of the training."""

from types import TracebackType
from typing import Self

from regbench import runner
from regbench.campaign import events
from regbench.cli import deciding, plans
from regbench.cli.output import amount, say
from regbench.cli.progress import Display


class Listener:
    """Shows every event; a context manager, so that the display is always closed."""

    def __init__(self) -> None:
        self._display: Display | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __call__(self, event: runner.Event) -> None:
        """Show one event."""
        match event:
            case events.Fetching():
                say(f"fetching {event.dataset}")
            case events.Blocked():
                say(f"blocked: {event.why}")
            case events.RoundPlanned():
                say(plans.headline(event.plan))
            case events.TrainingForClaims():
                many = f"{amount(event.claims, 'claim')} open, {amount(event.waiting, 'cell')} to train for them"
                say(f"{many}; now training the {event.cells} that decide most for their time")
                say("\n".join([plans.headline(event.plan), *plans.after(event.plan), *event.plan.asked.notes]))
            case events.PairsChosen():
                say(deciding.chosen(event.pairs))
            case events.LookMade():
                say(deciding.look(event.number, event.planned, event.comparison))
            case events.NothingForClaims():
                say(f"{amount(event.claims, 'claim')} open, none {event.why}")
            case events.TrainingStarted():
                if not event.plan.packs:
                    say(f"{event.plan.benchmark}: nothing to train")
                self._display = Display(event.plan)
                self._display.start()
            case events.TrainingEnded():
                self._close()
            case _ if self._display:
                self._display(event)

    def _close(self) -> None:
        if self._display:
            self._display.stop()
        self._display = None
