"""What a job can be: a method that we train, or a reference model that is fitted.

A kind says which of k and seed its jobs look at, what decides their numbers, and how they are executed; nobody else
asks what a job is.
"""

from functools import cache

from regbench import catalog, fingerprint, roots
from regbench.fingerprint import Library
from regbench.job import Job
from regbench.kinds import fitted, trained
from regbench.kinds.kind import Kind

__all__ = ["Kind", "code_digest", "is_reference", "libraries", "of"]

KINDS = {"methods": trained.KIND, "baselines": fitted.KIND}  # by the catalog's folder


def of(method: str) -> Kind:
    """The kind of a row's jobs; what the catalog no longer has was trained."""
    return KINDS[catalog.kind_of_row(method)]


def is_reference(method: str) -> bool:
    """Whether a row stands for comparison only: below the rule of a table, never ranked."""
    return of(method).is_reference


def uses_k(method: str) -> bool:
    """Whether the number of bins matters to a row."""
    return of(method).uses_k(catalog.row(method))


def uses_seed(method: str) -> bool:
    """Whether another seed gives a row other numbers on the same split."""
    return of(method).uses_seed(catalog.row(method))


def reads_images(method: str) -> bool:
    """Whether a row can make something of pictures."""
    return of(method).reads_images(catalog.row(method))


def libraries(method: str) -> tuple[Library, ...]:
    """Name and version of the distributions that a row's jobs need beside ours; no version where one is missing."""
    return of(method).libraries(catalog.row(method))


def code_digest(job: Job) -> str:
    """The digest of all code that the numbers of a job depend on, and of the versions of a reference model's library.

    Jobs of one method and backbone share it, whatever their values.
    """
    return _code_digest(job.method, job.backbone, roots.generation())


@cache
def _code_digest(method: str, backbone: str, _generation: int) -> str:
    return fingerprint.digest(of(method).starts(method, backbone), libraries(method))
