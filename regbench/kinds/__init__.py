"""The kinds of jobs: a method that we train, or a reference model that is fitted.

A kind says whether its jobs depend on k and seed, which code determines their numbers, and how they are executed. No
other module distinguishes kinds of jobs.
"""

from functools import cache

from regbench import catalog, fingerprint, roots
from regbench.fingerprint import Library, Start
from regbench.job import Job
from regbench.kinds import fitted, trained
from regbench.kinds.kind import Kind
from regbench.owntables import CODED

__all__ = ["Kind", "code_digest", "is_reference", "libraries", "of", "starts"]

CODING = ("regbench.data.own.coded", "prepared")  # what makes numbers of a user's table
KINDS = {"methods": trained.KIND, "baselines": fitted.KIND}  # by the catalog's folder


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


def code_digest(job: Job) -> str:
    """The digest of all code that the numbers of a job depend on, and of the versions of a reference model's library.

    It is the same for all jobs of one method, backbone and kinds of parts, on tables that are numbers, and on tables
    that code of ours makes numbers of, where the protocol names the same optimiser, schedule and other such code.
    """
    return _code_digest(job.method, job.backbone, _parts(job), _asked(job), roots.generation())


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
