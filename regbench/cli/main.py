"""The program `regbench`: its commands, and the translation of errors into a message and an exit code."""

import inspect
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

import regbench
from regbench import roots, settings
from regbench.cli import (
    bench,
    bless,
    check_plugin,
    compare,
    completing,
    data,
    db,
    doctor,
    gate,
    listing,
    new,
    plan,
    replay,
    report,
    run,
    runs,
    stale,
    status,
    try_,
    verify,
    watch,
    why,
)
from regbench.cli.output import bug, discard, emit, say, unwritable
from regbench.cli.reading import know_commands
from regbench.errors import InfrastructureError, RegbenchError, UsageError, did_you_mean

EXIT_CODES = """Exit codes:
  0    success
  1    a bug in regbench: please report the traceback
  2    wrong usage, or a wrong name or value in a file
  3    some jobs failed; the results of the others are kept
  4    results became worse (gate), or would be recorded as worse (bless)
  5    the data cannot decide (compare --exit-code, gate --strict; replay, where nothing could be judged)
  6    no results yet, or no baseline
  7    no device, no data, disk full, or a database that is locked or unusable
  8    a replay or a verification disagrees, a file breaks a promise, or a baseline contradicts itself or the data
  130  interrupted; finished results are kept

Each command has examples: regbench COMMAND --help"""
KEPT = "\b\n"  # keeps typer from joining the lines of a paragraph


def describe(thing: object) -> str:
    """The docstring as help text; the lines of its examples are not joined."""
    paragraphs = inspect.cleandoc(thing.__doc__ or "").split("\n\n")
    return "\n\n".join(KEPT + text if text.startswith("Example") else text for text in paragraphs)


def _print_version(asked: bool) -> None:
    if asked:
        emit(f"regbench {regbench.__version__}")
        raise typer.Exit


def start(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    _no_color: Annotated[
        bool,
        typer.Option("--no-color", help="No colour, here or after a command; so do NO_COLOR and REGBENCH_NO_COLOR."),
    ] = False,
    _plugins: Annotated[
        list[str] | None,
        typer.Option(
            "--plugins",
            metavar="DIR",
            help="A folder of methods, datasets, ... of your own, here or after a command; so does REGBENCH_PLUGINS.",
        ),
    ] = None,
) -> None:
    """Benchmark deep regression: a grid of jobs goes in, every epoch lands in a database, every table is a query.

    Example:
      regbench run smoke
      regbench report --normalize lsq
      regbench report figure3
    """
    know_commands()
    if context.invoked_subcommand is None:
        emit(context.get_help())


app = typer.Typer(
    name="regbench",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.callback(invoke_without_command=True, help=describe(start), epilog=KEPT + EXIT_CODES)(start)


def group(name: str, about: str, commands: dict[str, Callable[..., Any]]) -> typer.Typer:
    """A command with sub-commands, by name."""
    made = typer.Typer(name=name, help=about, rich_markup_mode=None, no_args_is_help=True)
    for command, function in commands.items():
        made.command(command, help=describe(function))(function)
    return made


for name, function in {
    "run": run.run,
    "plan": plan.plan,
    "status": status.status,
    "watch": watch.watch,
    "report": report.report,
    "compare": compare.compare,
    "verify": verify.verify,
    "bless": bless.bless,
    "gate": gate.gate,
    "why": why.why,
    "replay": replay.replay,
    "runs": runs.runs,
    "stale": stale.stale,
    "list": listing.list_,
    "new": new.new,
    "check-plugin": check_plugin.check_plugin,
    "try": try_.try_,
}.items():
    app.command(name, help=describe(function))(function)
app.add_typer(group("data", describe(data), data.COMMANDS))
app.add_typer(group("db", describe(db), db.COMMANDS))
app.command("doctor", help=describe(doctor.doctor))(doctor.doctor)
app.command("bench", help=describe(bench.bench))(bench.bench)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; an unexpected exception is a bug and keeps its traceback."""
    if completing.is_asked():
        return completing.answer(app)
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--no-color" in given:
        given = [word for word in given if word != "--no-color"]
        os.environ["NO_COLOR"] = "1"
    try:
        settings.check()
        given = _with_plugins(given)
        try:
            code = app(given, prog_name="regbench", standalone_mode=False)
        finally:
            if "regbench.store.scratch" in sys.modules:  # else no database was opened
                sys.modules["regbench.store.scratch"].finish()
    except RegbenchError as error:
        say(f"regbench: {error}")
        return error.exit_code
    except typer.Abort:
        code = 130
    except OSError as error:
        if not _is_echo(error):
            sys.excepthook = bug
            raise
        discard(sys.stdout)
        say(f"regbench: {unwritable(error)}")
        return InfrastructureError.exit_code
    except Exception as error:
        return _usage(error, given)
    if code == 130:
        say("regbench: interrupted")
    return code if isinstance(code, int) else 0


def _is_echo(error: OSError) -> bool:
    """Whether an error comes from printing help, which typer does with a function of its own."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_code.co_name == "echo"


def _with_plugins(given: list[str]) -> list[str]:
    """The command line without --plugins DIR, which every command accepts; adds these folders to the catalog."""
    roots.announce = lambda text: say(f"regbench: {text}")
    roots.added()  # what is wrong with REGBENCH_PLUGINS is said first
    rest, places = [], []
    words = iter(given)
    for word in words:
        name, equals, value = word.partition("=")
        if name != "--plugins":
            rest.append(word)
        elif (place := value if equals else next(words, None)) is None:
            raise UsageError("--plugins: name a folder, such as --plugins ./plugins")
        else:
            places.append(place)
    if places:
        roots.add(places)
    return rest


def _usage(error: Exception, given: list[str]) -> int:
    """Print typer's message about a wrong command line in one line; other errors are raised again."""
    message = getattr(error, "format_message", None)
    if message is None:
        sys.excepthook = bug
        raise error
    if type(error).__name__ == "NoArgsIsHelpError":
        say(message())
        return 2
    command = next((word for word in given if word in {*_names()}), None)
    hint = f"regbench {command} --help" if command else "regbench --help"
    said = _sentence(message().partition(" (Possible options")[0])
    if near := getattr(error, "possibilities", None):
        said += did_you_mean(getattr(error, "option_name", ""), near)
    say(f"regbench: {said} Try `{hint}`" if said.endswith("?") else f"regbench: {said}; try `{hint}`")
    return 2


def _sentence(text: str) -> str:
    text = " ".join(text.split()).rstrip(".").replace(". Did you mean", "; did you mean")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _names() -> list[str]:
    return [
        *(str(command.name) for command in app.registered_commands),
        *(str(commands.typer_instance.info.name) for commands in app.registered_groups if commands.typer_instance),
    ]
