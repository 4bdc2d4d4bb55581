# SPDX-License-Identifier: GPL-2.0-or-later
"""The end of a run, made once more and step by step, to show what led there: nothing of it costs during the run.

A run is the same to the bit whenever it is made again.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from emu.devices.disk_image import DiskImage
from emu.leaves import leaves
from emu.machine import StopKind
from tools.consoles.console import GuestConsole
from tools.machines.setup import set_up
from tools.processes.progress import progress
from tools.reports.last_steps import WATCHED, LastSteps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from emu.machine import Machine
    from emu.symbols.table import SymbolTable
    from tools.consoles.input_script import Exchange
    from tools.machines.options import MachineOptions
    from tools.reports.report import GuestReport

BAD_STOPS: Final = frozenset(
    {
        StopKind.DISABLED_WAIT,
        StopKind.NOTHING_TO_WAIT_FOR,
        StopKind.CHECK_STOP,
        StopKind.PROGRAM_LOOP,
        StopKind.INTERRUPTION_LOOP,
        StopKind.ENDLESS_LOOP,
        StopKind.NOT_MODELLED,
    }
)
"""Ends that a program makes, of which one wants to know how it came there."""
_MOST_OF_A_DISK: Final = 64 << 20
"""Bytes of what is written on each, of which is kept what was there before."""


def prepare(machine: Machine) -> None:
    """Have *machine*, which has not run, keep what is needed to make its run again."""
    for disk in _disks(machine):
        disk.keep_original(_MOST_OF_A_DISK)


def how_it_came_there(
    options: MachineOptions,
    guest: GuestReport,
    steps: Sequence[Exchange] | None,
    symbols: Callable[[], SymbolTable],
    saved: Path | None = None,
) -> Iterator[str]:
    """The last instructions and branches of the run of the only *guest*, as lines.

    :param steps: what was typed on its console; None if nobody has.
    :param symbols: gives the names of addresses.
    :param saved: the file with the machine that the run went on from; None if it began with its program.
    """
    if options.guests > 1 or guest.stop.kind not in BAD_STOPS:
        return
    originals = [disk.original if disk.is_changed else {} for disk in _disks(guest.machine)]
    if None in originals:
        yield (
            f"the last instructions are not shown: the run has written more than {_MOST_OF_A_DISK >> 20}M on a disk, "
            "and cannot be made again"
        )
        return
    host = None if options.host is None else replace(options.host, paging_file=None)
    setup = set_up(replace(options, host=host))
    try:
        (machine,) = setup.machines
        for disk, original in zip(_disks(machine), originals, strict=True):
            # What the run has written stays in the file.
            disk.lay_over(original or {})
        console = machine.sclp.console = GuestConsole(is_shown=False)
        if steps is not None:
            from tools.consoles.input_script import ScriptedOperator

            machine.operator = ScriptedOperator(steps, machine, console)
        if saved is not None:
            from tools.running.saved_run import SavedRun

            SavedRun(options, None, saved).begin(machine, setup, console)
        ended = guest.machine.executed
        before = max(ended - WATCHED, machine.executed)
        with progress(lambda: f"going through it again: instruction {machine.executed:,} of {ended:,}", sys.stderr):
            stop = machine.run(before - machine.executed) if before > machine.executed else None
        if stop is not None and stop.kind is not StopKind.BUDGET:
            yield f"the run could not be made again: it ended at instruction {machine.executed:,}: {stop.text}"
            return
        last = LastSteps(machine, symbols())
        stop = machine.run(ended - before + WATCHED)
        if (stop.kind, stop.psw, machine.executed) != (guest.stop.kind, guest.stop.psw, ended):
            yield f"the run could not be made again: it ended otherwise: {stop.text}"
            return
        yield from last.lines()
    finally:
        setup.close()


def _disks(machine: Machine) -> list[DiskImage]:
    """The disks of *machine* that can be written."""
    images = {id(owner): owner for _, owner, _ in leaves(machine.configuration) if isinstance(owner, DiskImage)}
    return [image for image in images.values() if image.is_writable]
