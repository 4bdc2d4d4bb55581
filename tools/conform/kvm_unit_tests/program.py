# SPDX-License-Identifier: GPL-2.0-or-later
"""A program of kvm-unit-tests, run to its end.

One that asks to be migrated is saved whole, and goes on in another machine (:mod:`emu.saving`).
"""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.machine import StopKind
from emu.saving import restore, save
from tools.conform.kvm_unit_tests.console_lines import decide, read_checks
from tools.conform.results import Result
from tools.consoles.console import GuestConsole
from tools.machines.options import Disk
from tools.machines.setup import make_machines, set_up

if TYPE_CHECKING:
    from emu.machine import Machine, Stop
    from tools.conform.results import Entry
    from tools.machines.options import MachineOptions
    from tools.processes.side_by_side import Reporter

_KEY: Final = b"\n"
_DISK_BYTES: Final = 1 << 20
_PIECE: Final = 1_000_000
"""Instructions between two looks at the time."""
_CONTINUOUS: Final = 20_000_000
"""Instructions between two migrations while they are continuous."""
_MIGRATE: Final = b"Now migrate the VM"
_SKIPPED: Final = b"Skipped VM migration"
_BEGIN: Final = b"Begin continuous migration"
_END: Final = b"End continuous migration"
_REQUESTS: Final = (_MIGRATE, _SKIPPED, _BEGIN, _END)


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One program to run."""

    entry: Entry
    options: MachineOptions
    max_cpus: int
    """CPUs that the configuration could have, as STSI tells."""
    panics: bool
    """It passes if it ends in a loop of interruptions."""
    max_instructions: int
    timeout: int
    """Seconds."""
    devices: int = 0
    """How many virtio devices there are, all disks of a megabyte."""
    notes: tuple[str, ...] = ()
    """What it asked for and has otherwise."""

    def run(self, reporter: Reporter) -> Result | None:
        """See :meth:`tools.conform.suites.Job.run`."""
        return _run_program(self, reporter)


class _Watcher(GuestConsole):
    """Keeps what the program writes, and stops its machine when it asks for something."""

    def __init__(self) -> None:
        super().__init__(is_shown=False)
        self.machine: Machine
        self.requests: list[bytes] = []
        """What it has asked for and not got."""
        self._unread = b""
        """The line that is not complete."""
        self._has_ended = False

    def write(self, data: bytes) -> None:
        """See :meth:`GuestConsole.write`."""
        super().write(data)
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            for request in _REQUESTS:
                # The program writes the end twice, in case one is lost between two machines.
                if line.startswith(request) and not (request == _END and self._has_ended):
                    self.requests.append(request)
                    self._has_ended = request == _END
                    self.machine.stop_requested = True


def _run_program(job: UnitTest, reporter: Reporter) -> Result | None:
    """Run the program of *job* to its end; None if *reporter* says before that it should stop."""
    began = time.monotonic()
    watcher = _Watcher()
    machine = _new_machine(job, watcher)
    reporter.begin(job.max_instructions)
    migrations = next_migration = 0
    is_continuous = False
    while True:
        before = machine.executed
        stop = machine.run(min(_PIECE, job.max_instructions - before))
        reporter.advance(machine.executed - before)
        is_due = is_continuous and machine.executed >= next_migration
        if watcher.requests:
            request = watcher.requests.pop(0)
            is_continuous = request == _BEGIN or (is_continuous and request != _END)
            is_due = request != _SKIPPED
            machine.sclp.type(_KEY)
        elif not _may_go_on(stop, machine, job) or time.monotonic() - began > job.timeout:
            break
        elif reporter.is_stopped:
            return None
        if is_due:
            machine = _migrate(machine, job, watcher)
            # A machine and its CPUs refer to each other: without this the old one would keep its memory for a while.
            gc.collect()
            migrations += 1
            next_migration = machine.executed + _CONTINUOUS
    watcher.end_line()
    outcome, reason = decide(stop, watcher.text, panics=job.panics)
    return Result(
        job.entry,
        outcome,
        reason,
        checks=read_checks(watcher.text),
        notes=(*job.notes, *([f"{migrations} migrations"] if migrations else [])),
        instructions=machine.executed,
        console=watcher.text,
    )


def _may_go_on(stop: Stop, machine: Machine, job: UnitTest) -> bool:
    """Whether only a piece of the run has ended."""
    return stop.kind in (StopKind.BUDGET, StopKind.REQUESTED) and machine.executed < job.max_instructions


def _new_machine(job: UnitTest, watcher: _Watcher) -> Machine:
    """A machine with the program of *job*, about to enter it."""
    # The image stays usable while it is open, although its name has gone.
    with tempfile.TemporaryDirectory(prefix="essa-conform-") as directory:
        image = Path(directory) / "disk"
        image.write_bytes(bytes(_DISK_BYTES))
        (machine,) = set_up(replace(job.options, disks=(Disk(image),) * job.devices)).machines
    return _watched(machine, job, watcher)


def _watched(machine: Machine, job: UnitTest, watcher: _Watcher) -> Machine:
    """*machine*, under the eyes of *watcher*, and as *job* says to be identified."""
    machine.configuration.identification = replace(machine.configuration.identification, max_cpus=job.max_cpus)
    machine.sclp.console = watcher
    watcher.machine = machine
    return machine


def _migrate(machine: Machine, job: UnitTest, watcher: _Watcher) -> Machine:
    """Another machine that goes on where *machine* is."""
    saved = save(machine)
    (other,), _ = make_machines(job.options)
    restore(saved, other)
    return _watched(other, job, watcher)
