# SPDX-License-Identifier: GPL-2.0-or-later
"""What stops cost while they are waited for: the boot of Debian's kernel with each of a few, side by side with none.

``python -m tools.benchmarks.stops`` prints CPU seconds and ratios; every boot must end in the same machine.  None of
the stops is reached: an address, a store into a page that is rarely written, a million ESSAs, as many changes of the
state of one page.  How far the two without a stop are apart says how exact the ratios are.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from emu.addresses import PAGE_SHIFT
from emu.machine import StopKind
from emu.running.stopping.kinds import AtAddress, AtMnemonic, PageStateChange, StopSpace, StorageAccess
from tools.benchmarks.figure import NotMeasured
from tools.benchmarks.trial_boot import trial_boot
from tools.consoles.console import GuestConsole
from tools.debian.initramfs import PASSED
from tools.machines.setup import set_up
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from emu.machine import Machine
    from emu.running.stopping.kinds import StopOn

_MEMORY: Final = 256 << 20
_SLICE: Final = 20_000_000
"""Instructions: a fraction of a second, so that what else the computer does slows all of them."""
_NOWHERE: Final = 0x7FFF_0000_0000
"""Nothing is executed there."""
_RARELY_WRITTEN: Final = 0xE000
"""A doubleword below the kernel, in a page that its start-up clears and copies, and nobody writes after."""
_MANY: Final = 1_000_000
"""More ESSAs than the boot executes."""
_STOPS: Final[dict[str, StopOn | None]] = {
    "none": None,
    "none, once more": None,
    "an address": AtAddress(_NOWHERE),
    "a store into a page": StorageAccess(_RARELY_WRITTEN, _RARELY_WRITTEN + 7, StopSpace.ABSOLUTE, count=_MANY),
    "a million ESSAs": AtMnemonic(frozenset({"ESSA"}), count=_MANY),
    "the state of a page": PageStateChange(_RARELY_WRITTEN >> PAGE_SHIFT, count=_MANY),
}


class _Boot:
    """A boot with the stop of this *name*, and the CPU seconds that it has taken."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._setup, self._console = set_up(trial_boot(_MEMORY)), GuestConsole(is_shown=False)
        self.machine: Machine = self._setup.machines[0]
        self.machine.sclp.console = self._console
        on = _STOPS[name]
        self._number = None if on is None else self.machine.stops.add(on)
        self.seconds = 0.0
        self.has_ended = False

    def go_on(self) -> None:
        """Execute a slice of it.

        :raises NotMeasured: if the guest has stopped, and not come to its end.
        """
        if self.has_ended:
            return
        started = time.process_time()
        stop = self.machine.run(_SLICE)
        self.seconds += time.process_time() - started
        self.has_ended = stop.kind is not StopKind.BUDGET
        if self.has_ended and (stop.kind is StopKind.STOP_POINT or PASSED not in self._console.text):
            raise NotMeasured(f"{self.name}: {stop.text}")

    @property
    def hits(self) -> int:
        """How often what the stop waits for has happened."""
        return 0 if self._number is None else self.machine.stops[self._number].hits


def compare() -> None:
    """Boot with each, a slice of one after that of another, and print a table.

    :raises NotMeasured: if a boot does not come to its end, or not to the same machine.
    """
    boots = [_Boot(name) for name in _STOPS]
    while not all(boot.has_ended for boot in boots):
        for boot in boots:
            boot.go_on()
        boots.reverse()
    boots.sort(key=lambda boot: list(_STOPS).index(boot.name))
    ends = {(boot.machine.executed, boot.machine.timing.work) for boot in boots}
    if len(ends) != 1:
        raise NotMeasured(f"the boots did not come to the same machine: instructions and work {sorted(ends)}")
    plain = [boot.seconds for boot in boots if _STOPS[boot.name] is None]
    table = Table("stop", "CPU seconds", "ratio", "happened", title="The boot of Debian, waiting for")
    for boot in boots:
        ratio = boot.seconds * len(plain) / sum(plain)
        table.add_row(boot.name, f"{boot.seconds:.2f}", f"{ratio:.3f}", f"{boot.hits:,}")
    Console().print(table)


def main() -> int:
    """Compare all, and give the exit status."""
    try:
        compare()
    except (NotMeasured, UsageError) as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
