"""Whether the present code and data can still train a job that is stored."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Self

from regbench import catalog
from regbench.job import Job
from regbench.kinds import of
from regbench.kinds.imported import is_imported
from regbench.owncommands import NAMED


@dataclass(frozen=True)
class Present:
    """What the catalog has now.

    settings: the names of the settings of each method, baseline and part.
    backbones: their names.
    digests: of the tables of datasets, by name.
    """

    settings: Mapping[str, Set[str]]
    backbones: Set[str]
    digests: Mapping[str, str]

    @classmethod
    def now(cls) -> Self:
        """Read the catalog."""
        settings = {name: set(catalog.row(name).settings) for name in catalog.rows()}
        settings |= {name: set(catalog.part(name).settings) for name in catalog.parts()}
        digests = {name: catalog.entry("datasets", name).arguments["digest"] for name in catalog.names("datasets")}
        return cls(settings, set(catalog.names("backbones")), digests)

    def lacks_code(self, job: Job) -> str | None:
        """Why the present code cannot train a job, such as a method that is gone; None if it can."""
        if is_imported(job):
            return f"the results of {job.method} were imported"
        named = [(job.method, job.hparams, job.static), *((part.name, part.hparams, part.static) for part in job.parts)]
        for name, hparams, static in named:
            if name not in self.settings:
                return f"there is no {name} any more"
            if self.settings[name] != {*dict(hparams), *dict(static)}:
                return f"{name} has other settings"
        if of(job.method).is_packed and job.backbone not in self.backbones:
            return f"there is no backbone {job.backbone} any more"
        return None

    def lacks_data(self, job: Job) -> str | None:
        """Why the data of a job are not the present ones; None if they are."""
        if job.digest.startswith(NAMED):  # only the user's program knows it
            return None
        if job.dataset not in self.digests:
            return f"there is no dataset {job.dataset} any more"
        return None if self.digests[job.dataset] == job.digest else f"{job.dataset} has another digest"

    def has_data(self, dataset: str, digest: str) -> bool | None:
        """Whether the present dataset of that name is the same table; None if there is no such dataset."""
        return None if dataset not in self.digests else self.digests[dataset] == digest
