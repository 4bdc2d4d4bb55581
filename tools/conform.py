# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform kvm-unit-tests``: every program of a build directory, run as its ``unittests.cfg`` says.

A program that asks to be migrated is saved whole, and goes on in another machine (:mod:`emu.saving`).
"""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.devices.disk_image import DiskImage
from emu.devices.virtio_block import VirtioBlock
from emu.devices.virtio_ccw import VirtioCcw
from emu.machine import StopKind
from tools.configuration import set_up
from tools.conform_cfg import read_cfg
from tools.conform_jobs import Job, Unsuitable, plan_job
from tools.conform_report import compare_with_baseline, print_results, read_baseline, write_json, write_junit
from tools.conform_results import Outcome, Result, decide, read_checks
from tools.console import Console
from tools.errors import UsageError
from tools.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from emu.machine import Machine, Stop
    from tools.conform_cfg import Entry
    from tools.side_by_side import Reporter

SUITE: Final = "kvm-unit-tests"
LONGEST_RUN: Final = 40_000_000_000
"""Instructions of a program by default; the longest of the suite, sclp, takes a third of them."""
LONGEST_TIME: Final = 900
_FILE: Final = "unittests.cfg"
_ARCHITECTURE: Final = "s390x"
_KEY: Final = b"\n"
_DISK_BYTES: Final = 1 << 20
_PIECE: Final = 1_000_000
"""Instructions between two looks at the time."""
_CONTINUOUS: Final = 20_000_000
"""Instructions between two migrations while they are continuous."""
_MIGRATE: Final = "Now migrate the VM"
_SKIPPED: Final = "Skipped VM migration"
_BEGIN: Final = "Begin continuous migration"
_END: Final = "End continuous migration"
_REQUESTS: Final = (_MIGRATE, _SKIPPED, _BEGIN, _END)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for."""

    directory: str
    only: tuple[str, ...] = ()
    jobs: int | None = None
    max_instructions: int = LONGEST_RUN
    timeout: int = LONGEST_TIME
    """Seconds that a program may take."""
    profile: str = "kvm"
    junit: str | None = None
    json: str | None = None
    baseline: str | None = None
    logs: str | None = None


def conform(suite: str, wanted: Wanted) -> int:
    """Run what is *wanted*, print a line for each program, save what is asked for, and give the exit status.

    It is 0 if no program failed, or none does worse than in the baseline; otherwise 1.

    :raises UsageError: naming the option, the file and the line that is wrong.
    """
    if suite != SUITE:
        raise UsageError(f"conform: expected {SUITE}, not {suite!r}")
    directory = _find_directory(wanted.directory)
    chosen = _choose(read_cfg(directory / _FILE), wanted.only)
    baseline = None if wanted.baseline is None else read_baseline(wanted.baseline)
    outputs = [(option, name) for option, name in (("--junit", wanted.junit), ("--json", wanted.json)) if name]
    for option, name in outputs:
        _require_writable(option, Path(name))
    results: dict[str, Result] = {}
    jobs: dict[str, Job] = {}
    for entry in chosen:
        try:
            jobs[entry.name] = plan_job(
                entry,
                directory,
                profile=wanted.profile,
                max_instructions=wanted.max_instructions,
                timeout=wanted.timeout,
                is_chosen=bool(wanted.only),
            )
        except Unsuitable as reason:
            results[entry.name] = Result(entry.name, Outcome.SKIPPED, str(reason))
    results |= run_side_by_side(_run, jobs, most=wanted.jobs)
    ordered = [results[entry.name] for entry in chosen if entry.name in results]
    print_results(ordered)
    if wanted.logs is not None:
        _write_logs(Path(wanted.logs), ordered)
    if wanted.junit is not None:
        write_junit(wanted.junit, ordered)
    if wanted.json is not None:
        write_json(wanted.json, ordered)
    if len(ordered) < len(chosen):
        print(f"interrupted: {len(chosen) - len(ordered)} programs have not been run")
        return 3
    if baseline is not None:
        return int(compare_with_baseline(ordered, baseline))
    return int(any(result.outcome.rank > Outcome.SKIPPED.rank for result in ordered))


def _find_directory(name: str) -> Path:
    """The directory of *name* in which the programs are."""
    for directory in (Path(name), Path(name) / _ARCHITECTURE):
        if (directory / _FILE).is_file():
            return directory
    raise UsageError(f"{name}: expected a build directory of {SUITE}, with {_FILE} or {_ARCHITECTURE}/{_FILE} in it")


def _choose(entries: list[Entry], only: Collection[str]) -> list[Entry]:
    """The entries that are called, or belong to a group that is called, as *only* says; all, if it is empty."""
    known = {name for entry in entries for name in (entry.name, *entry.groups)}
    for name in only:
        if name not in known:
            raise UsageError(f"--only: expected a program or a group of {_FILE}, not {name!r}")
    return [entry for entry in entries if not only or {entry.name, *entry.groups} & {*only}]


def _require_writable(option: str, path: Path) -> None:
    """Find out before anything runs."""
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as reason:
        raise UsageError(f"{option}: {path} cannot be written: {reason.strerror}") from None


def _write_logs(directory: Path, results: Sequence[Result]) -> None:
    """The console of each program that ran, in a file of its own."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for result in results:
            if result.instructions:
                (directory / f"{result.name}.log").write_text(result.console, encoding="utf-8")
    except OSError as reason:
        raise UsageError(f"--logs: {directory} cannot be written: {reason.strerror}") from None


# One program


class _Watcher(Console):
    """Keeps what the program writes, and stops its machine when it asks for something."""

    def __init__(self) -> None:
        super().__init__(is_shown=False)
        self.machine: Machine
        self.requests: list[str] = []
        """What it has asked for and not got."""
        self._seen = 0
        self._has_ended = False

    def write(self, data: bytes) -> None:
        """See :meth:`Console.write`."""
        super().write(data)
        text = self.text
        end = text.rfind("\n") + 1
        for line in text[self._seen : end].splitlines():
            for request in _REQUESTS:
                # The end is told twice, in case one of them gets lost between two machines.
                if line.startswith(request) and not (request == _END and self._has_ended):
                    self.requests.append(request)
                    self._has_ended = request == _END
                    self.machine.stop_requested = True
        self._seen = end


def _run(job: Job, reporter: Reporter) -> Result:
    """Run the program of *job* to its end."""
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
        elif not _may_go_on(stop, machine, job) or reporter.is_stopped or time.monotonic() - began > job.timeout:
            break
        if is_due:
            machine = _migrate(machine, job, watcher)
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
    (machine,) = set_up(job.configuration).machines
    for number in range(job.devices):
        # Open, the image stays after its name has gone.
        with tempfile.NamedTemporaryFile(prefix="essa-conform-") as image:
            image.truncate(_DISK_BYTES)
            disk = DiskImage(Path(image.name))
        machine.channels.attach(VirtioCcw(VirtioBlock(disk, f"disk {number}")))
    machine.sclp.identification = replace(machine.sclp.identification, max_cpus=job.max_cpus)
    machine.sclp.console = watcher
    watcher.machine = machine
    return machine


def _migrate(machine: Machine, job: Job, watcher: _Watcher) -> Machine:
    """Another machine that goes on where *machine* is."""
    from emu.saving import restore, save
    from tools.configuration import make_machines

    saved = save(machine)
    machines, _ = make_machines(job.configuration)
    other = machines[0]
    other.sclp.identification = machine.sclp.identification
    other.sclp.console = watcher
    watcher.machine = other
    restore(other, saved)
    # A machine and its CPUs know each other: nothing else gives its storage back in time.
    del machine
    gc.collect()
    return other
