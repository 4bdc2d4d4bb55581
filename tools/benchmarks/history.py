# SPDX-License-Identifier: GPL-2.0-or-later
"""What the history of a boot of Debian costs, and whether it is the boot: ``python -m tools.benchmarks.history``.

Times are of the processor, which on a quiet computer are those of the clock on the wall; plain and recorded runs are
made alternately.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from rich.table import Table

from emu.debugging.backward import reverse_continue
from emu.debugging.history import History
from emu.machine import StopKind
from emu.running.stopping.kinds import AtInstructionCount
from emu.saving import save
from emu.state import differences
from tools.benchmarks.trial_boot import trial_boot
from tools.machines.options import HostOptions
from tools.machines.setup import set_up
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.machine import Machine
    from host.page_manager import PageManager
    from tools.machines.setup import Setup

MILLION: Final = 1_000_000
_ROUNDS: Final = 3
_FORWARD: Final = 400 * MILLION
_BACK_FROM: Final = 100 * MILLION
_STEPS: Final = 20
_EVERY: Final = 400 * MILLION
"""Instructions from one comparison to the next of a boot that is gone through again."""


@dataclass(frozen=True, slots=True)
class BootingGuest:
    """A guest that is about to boot, and the host under it, if that pages."""

    machine: Machine
    host: PageManager | None
    setup: Setup


def debian(*, memory: int = 256 << 20, host_memory: int | None = None) -> BootingGuest:
    """Debian's kernel, about to boot to the check of its files.

    :raises UsageError: if it has not been fetched.
    """
    setup = set_up(trial_boot(memory, None if host_memory is None else HostOptions(memory=host_memory)))
    (machine,) = setup.machines
    return BootingGuest(machine, None if setup.host is None else setup.host.manager, setup)


def differences_of_replay(guest: BootingGuest, history: History, every: int, end: int | None = None) -> list[str]:
    """Run to the end, or to that instruction number, and go back; give what is different then from what was.

    Nothing may be.  It is looked at *every* so many instructions, the last time first.
    """
    machine, states = guest.machine, {}
    stop = None
    while (stop is None or stop.kind is StopKind.BUDGET) and (end is None or machine.executed < end):
        states[machine.executed] = save(machine, host=guest.host)
        stop = history.run(every if end is None else min(every, end - machine.executed))
    found = []
    for point in reversed(states):
        history.go_to(point)
        found += [f"{point:,}: {each}" for each in differences(states[point], save(machine, host=guest.host))]
    return found


def forward_ratio(instructions: int, rounds: int) -> float:
    """The speed of recording, divided by that of a plain run: the median of several pairs."""
    ratios = []
    for _ in range(rounds):
        plain = debian().machine
        began = time.process_time()
        plain.run(instructions)
        without = time.process_time() - began
        history = History(debian().machine)
        began = time.process_time()
        history.run(instructions)
        ratios.append(without / (time.process_time() - began))
    return statistics.median(ratios)


def main() -> int:
    """Print the figures, and give the exit status: 1 if the boot is not the same when it is gone through again."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.history", description=__doc__)
    parser.add_argument("--replay", action="store_true", help="only go through a whole boot again, and compare")
    arguments = parser.parse_args()
    try:
        return _replay() if arguments.replay else _measure()
    except UsageError as reason:
        print(f"history: {reason}", file=sys.stderr)
        return 2


def _replay() -> int:
    guest = debian()
    history = History(guest.machine)
    found = differences_of_replay(guest, history, _EVERY)
    print(f"{history.end:,} instructions, {history.moments} moments, {history.used >> 20} MB")
    print("\n".join(found) or "the same when it is gone through again")
    return 1 if found else 0


def _measure() -> int:
    table = Table("history of a boot of Debian", "figure", "to be reached")
    table.add_row("forward while recording, ratio to plain", f"{forward_ratio(_FORWARD, _ROUNDS):.2f}", "at least 0.85")
    first, later, reverse = [], [], []
    history = None
    for _ in range(_ROUNDS):
        guest = debian()
        history = History(guest.machine)
        history.run(_BACK_FROM)
        first.append(_seconds(history.step_back))
        later += [_seconds(history.step_back) for _ in range(_STEPS)]
        history.go_to(_BACK_FROM)
        stop = AtInstructionCount(_BACK_FROM - MILLION)
        reverse.append(_seconds(partial(reverse_continue, history, [stop])))
    assert history is not None
    table.add_row("first step back at 100 million instructions", f"{statistics.median(first):.3f} s", "at most 0.2 s")
    table.add_row("each further step back", f"{statistics.median(later):.3f} s", "")
    table.add_row("reverse-continue over a million instructions", f"{statistics.median(reverse):.3f} s", "1 s")
    table.add_row("history of 100 million instructions", f"{history.used / (1 << 20):.1f} MB", "bounded: --history")
    _show(table)
    return 0


def _seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _show(table: Table) -> None:
    from rich.console import Console

    Console(width=100).print(table)


if __name__ == "__main__":
    sys.exit(main())
