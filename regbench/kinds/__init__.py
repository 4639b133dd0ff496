"""The kinds of jobs: a method that we train, a reference model that is fitted, or a program of the user that is run.

A kind says whether its jobs depend on k and seed, which code determines their numbers, and how they are executed. No
other module distinguishes kinds of jobs.
"""

from collections.abc import Callable, Iterable
from functools import cache

from regbench import catalog, fingerprint, metrics, roots
from regbench.fingerprint import Library, Start
from regbench.job import Job
from regbench.kinds import command, fitted, trained
from regbench.kinds.kind import Kind
from regbench.owncommands import BETTER
from regbench.owntables import CODED

__all__ = ["Kind", "code_digest", "code_digests", "is_ours", "is_reference", "libraries", "loss", "of", "starts"]

CODING = ("regbench.data.own.coded", "prepared")  # what makes numbers of a user's table
EXTRAS = {"pytabkit": "pytabkit"}  # of libraries that do not come with the extra `baselines`
KINDS = {"methods": trained.KIND, "baselines": fitted.KIND, catalog.COMMANDS: command.KIND}  # by the catalog's folder


def of(method: str) -> Kind:
    """The kind of a row's jobs; a row that is no longer in the catalog counts as trained."""
    return KINDS[catalog.kind_of_row(method)]


def is_reference(method: str) -> bool:
    """Whether a row is for comparison only: shown at the end of a table, and not ranked."""
    return of(method).is_reference


def uses_k(method: str) -> bool:
    """Whether a row depends on the number of bins."""
    return of(method).uses_k(catalog.row(method))


def uses_seed(method: str) -> bool:
    """Whether the numbers of a row depend on the seed, with the same split."""
    return of(method).uses_seed(catalog.row(method))


def reads_images(method: str) -> bool:
    """Whether a row accepts images."""
    return of(method).reads_images(catalog.row(method))


def libraries(method: str) -> tuple[Library, ...]:
    """Name and version of the other distributions a row's jobs need; an empty version if not installed."""
    return of(method).libraries(catalog.row(method))


def way_to_install(library: str) -> str:
    """The command that installs a distribution which a row's jobs need.

    >>> way_to_install("xgboost"), way_to_install("pytabkit")
    ("pip install 'regbench[baselines]'", "pip install 'regbench[pytabkit]'")
    """
    return f"pip install 'regbench[{EXTRAS.get(library, 'baselines')}]'"


def is_ours(method: str) -> bool:
    """Whether a row is trained here, on our data and by our metrics, rather than by a program of the user."""
    return of(method).is_ours


def loss(job: Job) -> Callable[[float], float]:
    """What makes of a value of the deciding metric a number that is lower for better values.

    >>> from regbench.job import Protocol
    >>> loss(Job("a", "", "lsq", 0, Protocol(1, 0.0, 0.0, decide="val/accuracy"), options=(("better", "high"),)))(0.5)
    -0.5
    """
    better = dict(job.options).get(BETTER)
    if better is not None:
        return lambda value: -value if better == "high" else value
    return metrics.about_val(job.protocol.decide).loss


def code_digest(job: Job) -> str:
    """The digest of all code that the numbers of a job depend on, and of the versions of a reference model's library.

    It is the same for all jobs of one method, backbone and kinds of parts, on tables that are numbers, and on tables
    that code of ours makes numbers of, where the protocol names the same optimiser, schedule and other such code. That
    of a command is of its command line and its inputs.
    """
    if own := of(job.method).digest:
        return own(job.method)
    return _code_digest(job.method, job.backbone, _parts(job), _asked(job), roots.generation())


def code_digests(jobs: Iterable[Job]) -> dict[str, str]:
    """The digest of each job by its key; the inputs of a command are read once."""
    found: dict[str, str] = {}
    own: dict[str, str] = {}
    for job in jobs:
        if of(job.method).digest is None:
            found[job.key] = code_digest(job)
            continue
        if job.method not in own:
            own[job.method] = code_digest(job)
        found[job.key] = own[job.method]
    return found


def starts(job: Job) -> tuple[Start, ...]:
    """The entry points of the code that the numbers of a job depend on."""
    return (*of(job.method).starts(job.method, job.backbone, _parts(job)), *_asked(job))


def _parts(job: Job) -> tuple[str, ...]:
    return tuple(part.name for part in job.parts)


def _asked(job: Job) -> tuple[Start, ...]:
    """The entry points of what a job asks for by its table and its protocol."""
    coding = (CODING,) if job.digest.startswith(CODED) else ()
    return (*coding, *of(job.method).asked(job.protocol))


@cache
def _code_digest(method: str, backbone: str, parts: tuple[str, ...], asked: tuple[Start, ...], _generation: int) -> str:
    return fingerprint.digest((*of(method).starts(method, backbone, parts), *asked), libraries(method))
