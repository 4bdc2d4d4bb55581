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

from emu.devices.watchdog import Watchdog
from emu.machine import StopKind
from emu.saving import restore, save
from emu.symbols.reading import image_symbols
from emu.symbols.table import SymbolTable
from tools.conform.console_lines import decide, read_checks
from tools.conform.failure_steps import FailureSteps
from tools.conform.results import FAILING, Outcome, Result
from tools.consoles.console import GuestConsole
from tools.coverage.covered import followed
from tools.machines.options import Disk
from tools.machines.setup import make_machines, set_up

if TYPE_CHECKING:
    from emu.identification import TopologyShape
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
_FAILS: Final = tuple(f"{verdict}: ".encode() for verdict in FAILING)
_REPORTERS: Final = ("report", "report_fail", "report_kfail", "report_xfail")
"""The functions that a program calls with what it has found."""
_WATCHED: Final = 50_000
"""Instructions that are executed one by one before a failure; writing a line takes some thousands."""
_REQUESTS: Final = (_MIGRATE, _SKIPPED, _BEGIN, _END)


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One program to run."""

    entry: Entry
    options: MachineOptions
    max_cpus: int
    """CPUs that the configuration could have, as STSI tells."""
    shape: TopologyShape
    """What they lie in."""
    panics: bool
    """It passes if it ends in a loop of interruptions."""
    max_instructions: int
    timeout: int
    """Seconds."""
    devices: int = 0
    """How many virtio devices there are, all disks of a megabyte."""
    has_watchdog: bool = False
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
        self.failed_at: int | None = None
        """How many instructions had ended when it first wrote that a check has failed."""
        self._unread = b""
        """The line that is not complete."""
        self._has_ended = False

    def write(self, data: bytes) -> None:
        """See :meth:`GuestConsole.write`."""
        super().write(data)
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            if self.failed_at is None and line.startswith(_FAILS):
                self.failed_at = self.machine.executed
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
        with followed(machine):
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
    # What was migrated is not gone through again.
    is_traced = outcome in (Outcome.FAILED, Outcome.STOPPED) and not migrations
    return Result(
        job.entry,
        outcome,
        reason,
        checks=read_checks(watcher.text),
        notes=(*job.notes, *([f"{migrations} migrations"] if migrations else [])),
        instructions=machine.executed,
        console=watcher.text,
        last_steps=_steps_before(job, watcher, machine.executed) if is_traced else (),
    )


def _steps_before(job: UnitTest, ended: _Watcher, executed: int) -> tuple[str, ...]:
    """What the program of *job* did last before its first check failed, or else before it ended: the run made again.

    :param executed: how many instructions it came to.
    """
    watcher = _Watcher()
    machine = _new_machine(job, watcher)
    symbols = SymbolTable(filter(None, [image_symbols(job.options.image.path)]))
    is_check = ended.failed_at is not None
    until = executed if ended.failed_at is None else ended.failed_at
    _go_on(machine, watcher, max(until - _WATCHED, 0))
    names = _REPORTERS if is_check else ()
    reporters = frozenset(address for name in names for address in symbols.addresses(name))
    steps = FailureSteps(machine, symbols, reporters)
    # An instruction that ends the program need not be one that ends itself.
    _go_on(machine, watcher, until if is_check else until + _WATCHED)
    return steps.found


def _go_on(machine: Machine, watcher: _Watcher, until: int) -> None:
    """Run until so many instructions have ended, or it ends; it gets the keys that it waits for."""
    while machine.executed < until:
        machine.run(until - machine.executed)
        if not watcher.requests:
            return
        watcher.requests.pop(0)
        machine.sclp.type(_KEY)


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
    machine.configuration.identification = replace(
        machine.configuration.identification, max_cpus=job.max_cpus, shape=job.shape
    )
    machine.configuration.device(Watchdog).is_installed = job.has_watchdog
    machine.sclp.console = watcher
    watcher.machine = machine
    return machine


def _migrate(machine: Machine, job: UnitTest, watcher: _Watcher) -> Machine:
    """Another machine that goes on where *machine* is."""
    saved = save(machine)
    (other,), _ = make_machines(job.options)
    restore(saved, other)
    return _watched(other, job, watcher)
