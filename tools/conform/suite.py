# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform kvm-unit-tests``: every program of a build directory, run as its ``unittests.cfg`` says.

A program that asks to be migrated is saved whole, and goes on in another machine (:mod:`emu.saving`).
"""

from __future__ import annotations

import gc
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.errors import ProgramError
from emu.machine import StopKind
from emu.saving import restore, save
from tools.conform.jobs import Job, Unsuitable, plan_job
from tools.conform.report import compare_with_baseline, print_results, read_baseline, write_json, write_junit
from tools.conform.results import Outcome, Result, decide, read_checks
from tools.conform.unittests_cfg import read_cfg
from tools.consoles.console import GuestConsole
from tools.machines.options import Disk
from tools.machines.setup import make_machines, set_up
from tools.processes.side_by_side import run_side_by_side
from tools.usage.errors import UsageError
from tools.usage.outputs import open_document

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from emu.machine import Machine, Stop
    from tools.conform.options import ConformOptions
    from tools.conform.unittests_cfg import Entry
    from tools.processes.side_by_side import Reporter

SUITE: Final = "kvm-unit-tests"
LIST: Final = "unittests.cfg"
_ARCHITECTURE: Final = "s390x"
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


def run_suite(wanted: ConformOptions) -> int:
    """Run what is *wanted*, print a line for each program, save what is asked for, and give the exit status.

    It is 0 if no program failed, or none does worse than in the baseline; otherwise 1.

    :raises UsageError: naming the option, the file and the line that is wrong.
    """
    if wanted.suite != SUITE:
        raise UsageError(f"conform: expected {SUITE}, not {wanted.suite!r}")
    directory = find_directory(wanted.directory)
    chosen = _choose(read_cfg(directory / LIST), wanted.only)
    baseline = None if wanted.baseline is None else read_baseline(wanted.baseline)
    if wanted.logs is not None:
        _make_directory(Path(wanted.logs))
    with ExitStack() as files:
        junit = open_document(files, "--junit", wanted.junit)
        json = open_document(files, "--json", wanted.json)
        ordered = _run_all(chosen, directory, wanted)
        print_results(ordered)
        if wanted.logs is not None:
            _write_logs(Path(wanted.logs), ordered)
        if junit is not None:
            write_junit(junit, ordered)
        if json is not None:
            write_json(json, ordered)
        if len(ordered) < len(chosen):
            print(f"interrupted: {len(chosen) - len(ordered)} programs have not been run")
            return 3
        if baseline is not None:
            return int(compare_with_baseline(ordered, baseline))
        return int(any(result.outcome.rank > Outcome.SKIPPED.rank for result in ordered))


def _run_all(chosen: list[Entry], directory: Path, wanted: ConformOptions) -> list[Result]:
    """What comes of each of *chosen*, in their order; those are missing that Ctrl-C has kept from being run."""
    results: dict[str, Result] = {}
    jobs: dict[str, Job] = {}
    for entry in chosen:
        try:
            jobs[entry.name] = plan_job(entry, directory, wanted)
        except Unsuitable as reason:
            results[entry.name] = Result(entry.name, Outcome.SKIPPED, str(reason))
    results |= run_side_by_side(_run, jobs, most=wanted.jobs)
    return [results[entry.name] for entry in chosen if entry.name in results]


def find_directory(name: str) -> Path:
    """The directory of *name* in which the programs are.

    :raises UsageError: if it has none.
    """
    for directory in (Path(name), Path(name) / _ARCHITECTURE):
        if (directory / LIST).is_file():
            return directory
    raise UsageError(f"{name}: expected a build directory of {SUITE}, with {LIST} or {_ARCHITECTURE}/{LIST} in it")


def _choose(entries: list[Entry], only: Collection[str]) -> list[Entry]:
    """The entries that are called, or belong to a group that is called, as *only* says; all, if it is empty."""
    known = {name for entry in entries for name in (entry.name, *entry.groups)}
    for name in only:
        if name not in known:
            raise UsageError(f"--only: expected a program or a group of {LIST}, not {name!r}")
    return [entry for entry in entries if not only or {entry.name, *entry.groups} & {*only}]


def _make_directory(directory: Path) -> None:
    """Have *directory* before anything runs.

    :raises UsageError: if it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise UsageError(f"--logs: {directory} cannot be made: {reason.strerror}") from None


def _write_logs(directory: Path, results: Sequence[Result]) -> None:
    """The console of each program that ran, in a file of its own."""
    try:
        for result in results:
            if result.instructions:
                (directory / f"{result.name}.log").write_text(result.console, encoding="utf-8")
    except OSError as reason:
        raise UsageError(f"--logs: {directory} cannot be written: {reason.strerror}") from None


# One program


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


def _run(job: Job, reporter: Reporter) -> Result:
    """Run the program of *job* to its end."""
    began = time.monotonic()
    watcher = _Watcher()
    try:
        machine = _new_machine(job, watcher)
    except (ProgramError, UsageError) as refusal:
        # Such as one that does not fit the memory that its entry gives it.
        return Result(job.name, Outcome.STOPPED, str(refusal))
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
        elif not _may_go_on(stop, machine, job) or reporter.is_stopped or time.monotonic() - began > job.timeout:
            break
        if is_due:
            machine = _migrate(machine, job, watcher)
            # A machine and its CPUs refer to each other: without this the old one would keep its memory for a while.
            gc.collect()
            migrations += 1
            next_migration = machine.executed + _CONTINUOUS
    watcher.end_line()
    outcome, reason = decide(stop, watcher.text, panics=job.panics)
    return Result(
        job.name,
        outcome,
        reason,
        checks=read_checks(watcher.text),
        notes=job.notes,
        instructions=machine.executed,
        migrations=migrations,
        seconds=time.monotonic() - began,
        console=watcher.text,
    )


def _may_go_on(stop: Stop, machine: Machine, job: Job) -> bool:
    """Whether only a piece of the run has ended."""
    return stop.kind in (StopKind.BUDGET, StopKind.REQUESTED) and machine.executed < job.max_instructions


def _new_machine(job: Job, watcher: _Watcher) -> Machine:
    """A machine with the program of *job*, about to enter it."""
    # The image stays usable while it is open, although its name has gone.
    with tempfile.TemporaryDirectory(prefix="essa-conform-") as directory:
        image = Path(directory) / "disk"
        image.write_bytes(bytes(_DISK_BYTES))
        (machine,) = set_up(replace(job.options, disks=(Disk(image),) * job.devices)).machines
    return _watched(machine, job, watcher)


def _watched(machine: Machine, job: Job, watcher: _Watcher) -> Machine:
    """*machine*, under the eyes of *watcher*, and as *job* says to be identified."""
    machine.configuration.identification = replace(machine.configuration.identification, max_cpus=job.max_cpus)
    machine.sclp.console = watcher
    watcher.machine = machine
    return machine


def _migrate(machine: Machine, job: Job, watcher: _Watcher) -> Machine:
    """Another machine that goes on where *machine* is."""
    saved = save(machine)
    (other,), _ = make_machines(job.options)
    restore(saved, other)
    return _watched(other, job, watcher)
