"""Find devices that fail so often that a run continues without them."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from regbench.engines.engine import Outcome
from regbench.errors import InfrastructureError
from regbench.runner.work.events import DeviceSetAside

FAULTS_FORGIVEN = 3  # failed packs in a row, after which a device is set aside


class Faults:
    """Counts the faults of each slot since its last success."""

    def __init__(self, devices: Sequence[str]) -> None:
        self.devices = devices
        self.in_a_row: Counter[int] = Counter()
        self.blamed: dict[int, set[str]] = defaultdict(set)  # slot -> keys of the jobs of these packs
        self.aside: set[int] = set()

    def judge(self, outcome: Outcome) -> DeviceSetAside | None:
        """Set a device aside that failed several packs in a row, because it would fail all the others too.

        The death of a CPU worker does not count: its jobs are to blame, not the CPU. Nor does a pack that failed
        before, or a part of it: one job that is too large for the machine must not take the device from the others.
        """
        slot = outcome.slot
        died = outcome.died and self.devices[slot] != "cpu"
        if not died and not (outcome.result and outcome.result.device_fault):
            self.in_a_row[slot] = 0
            self.blamed[slot].clear()
            return None
        keys = {job.key for job in outcome.task.jobs}
        if keys & self.blamed[slot]:
            return None
        self.blamed[slot] |= keys
        self.in_a_row[slot] += 1
        if self.in_a_row[slot] < FAULTS_FORGIVEN:
            return None
        self.aside.add(slot)
        return DeviceSetAside(self.devices[slot], "its worker died" if died else outcome.result.device_fault)

    def check_any_left(self, last: DeviceSetAside) -> None:
        if len(self.aside) == len(self.devices):
            raise InfrastructureError(
                f"every device failed {FAULTS_FORGIVEN} packs in a row, the last one because {last.why}; "
                "`regbench doctor` looks for the cause"
            )
