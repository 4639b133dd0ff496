"""Jobs whose results other tools gave: they were never run here, and cannot be."""

from regbench.job import Job, Pairs

IMPORTED = "imported"  # the option of a job that says so, and what the environment of its runs says of their origin


def mark() -> Pairs:
    """The options of an imported job, which make its key another than that of any job that is run here."""
    return ((IMPORTED, True),)


def is_imported(job: Job) -> bool:
    """Whether the results of a job were imported from another tool."""
    return bool(dict(job.options).get(IMPORTED))
