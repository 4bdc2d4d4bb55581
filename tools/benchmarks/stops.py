# SPDX-License-Identifier: GPL-2.0-or-later
"""What stops cost while they are waited for: the boot of Debian's kernel with each of a few, side by side with none.

``python -m tools.benchmarks.stops`` prints CPU seconds and ratios; every boot must end in the same machine.  None of
the stops is reached: an address, a store into a page that is rarely written, a million ESSAs, as many changes of the
state of one page.
"""

from __future__ import annotations

import json
import statistics
import subprocess
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

_ROUNDS: Final = 3
_MEMORY: Final = 256 << 20
_PATIENCE: Final = 600
_NOWHERE: Final = 0x7FFF_0000_0000
"""Nothing is executed there."""
_RARELY_WRITTEN: Final = 0xE000
"""A doubleword below the kernel, in a page that its start-up clears and copies, and nobody writes after."""
_MANY: Final = 1_000_000
"""More ESSAs than the boot executes."""
_STOPS: Final[dict[str, StopOn | None]] = {
    "none": None,
    "an address": AtAddress(_NOWHERE),
    "a store into a page": StorageAccess(_RARELY_WRITTEN, _RARELY_WRITTEN + 7, StopSpace.ABSOLUTE, count=_MANY),
    "a million ESSAs": AtMnemonic(frozenset({"ESSA"}), count=_MANY),
    "the state of a page": PageStateChange(_RARELY_WRITTEN >> PAGE_SHIFT, count=_MANY),
}


def _boot(name: str) -> dict[str, float | int]:
    """Boot with the stop of this *name*; give CPU seconds, and what must be the same with each.

    :raises NotMeasured: if the guest does not come to its end.
    """
    setup, console = set_up(trial_boot(_MEMORY)), GuestConsole(is_shown=False)
    machine: Machine = setup.machines[0]
    machine.sclp.console = console
    on = _STOPS[name]
    number = None if on is None else machine.stops.add(on)
    started = time.process_time()
    stop = machine.run()
    seconds = time.process_time() - started
    if stop.kind is StopKind.STOP_POINT or PASSED not in console.text:
        raise NotMeasured(f"{name}: {stop.text}")
    hits = 0 if number is None else machine.stops[number].hits
    return {"seconds": seconds, "instructions": machine.executed, "work": machine.timing.work, "hits": hits}


def _boot_apart(name: str) -> dict[str, float | int]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.benchmarks.stops", name],
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode:
        raise NotMeasured(f"{name}: {done.stderr[-400:]}")
    found: dict[str, float | int] = json.loads(done.stdout)
    return found


def compare() -> None:
    """Boot alternately with each, and print a table.

    :raises NotMeasured: if a boot does not come to its end, or not to the same machine.
    """
    taken: dict[str, list[dict[str, float | int]]] = {name: [] for name in _STOPS}
    for _ in range(_ROUNDS):
        for name, found in taken.items():
            found.append(_boot_apart(name))
    ends = {(found["instructions"], found["work"]) for each in taken.values() for found in each}
    if len(ends) != 1:
        raise NotMeasured(f"the boots did not come to the same machine: instructions and work {sorted(ends)}")
    table = Table("stop", "CPU seconds", "ratio", "happened", title="The boot of Debian, waiting for")
    for name, found in taken.items():
        ratio = statistics.median(
            each["seconds"] / none["seconds"] for each, none in zip(found, taken["none"], strict=True)
        )
        seconds = statistics.median(each["seconds"] for each in found)
        table.add_row(name, f"{seconds:.2f}", f"{ratio:.3f}", f"{found[0]['hits']:,}")
    Console().print(table)


def main(arguments: list[str]) -> int:
    """Compare all, or boot with one of them; give the exit status."""
    try:
        if arguments:
            print(json.dumps(_boot(arguments[0])))
        else:
            compare()
    except (NotMeasured, UsageError) as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
