# SPDX-License-Identifier: GPL-2.0-or-later
"""A Linux guest that has booted and is saved, and one program run in it."""

from __future__ import annotations

import hashlib
import re
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from emu.machine import StopKind
from emu.save_file import read_saved, write_saved
from emu.saving import restore, save
from tools.conform.linux.verdicts import judge, read_checks
from tools.conform.results import Outcome, Result
from tools.conform.suites import NotBegun
from tools.consoles.console import GuestConsole
from tools.machines.setup import make_machines, set_up
from tools.processes.interrupt import ctrl_c
from tools.processes.progress import progress
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from emu.machine import Machine
    from tools.conform.results import Entry
    from tools.machines.options import MachineOptions
    from tools.processes.side_by_side import Reporter

_READY: Final = "essa: which program?"
_BEGINS: Final = "essa: begins"
_ENDED: Final = "essa: ended with"
_PROGRAM: Final = "essa-program-"
WORK: Final = f"""\
terminal=/dev/console
for found in /dev/sclp_line0 /dev/ttysclp0
do
    test -c $found && terminal=$found
done
echo '{_READY}'
read number word <$terminal
cd /tmp 2>/dev/null || cd /
echo '{_BEGINS}'
/{_PROGRAM}$number </dev/null 2>&1
status=$?
echo
echo "{_ENDED} $status $word"
sleep 1
"""
"""What the guest does: one program, which is named to it by its number, and a word that says that it has ended."""
_WORD_LENGTH: Final = 16
_LATE: Final = "not ended in time"
_PIECE: Final = 5_000_000
"""Instructions between two looks at the console and at the time."""
_BOOT: Final = 20_000_000_000
"""Instructions until which it should have booted."""


def program_name(number: int) -> str:
    """Where in the guest the program of this *number* lies."""
    return f"{_PROGRAM}{number}"


def boot(options: MachineOptions, path: Path) -> None:
    """Boot the machine that *options* describe until it asks for a program, and save it in the file *path*.

    :raises UsageError: if it does not come so far.
    :raises NotBegun: by Ctrl-C or SIGTERM.
    """
    (machine,) = set_up(options).machines
    console = machine.sclp.console = GuestConsole(is_shown=False)
    with (
        ctrl_c(machine, is_sigterm_too=True) as switch,
        progress(lambda: f"booting the guest: {machine.executed:,} instructions", sys.stderr),
    ):
        while _READY not in console.text:
            stop = machine.run(_PIECE)
            if switch.is_pressed:
                raise NotBegun
            if stop.kind is not StopKind.BUDGET or machine.executed > _BOOT:
                last = console.text.strip().splitlines()[-1:] or ["nothing on its console"]
                raise UsageError(f"the guest has not booted: {stop.text}: {last[0]}")
    write_saved(path, save(machine))


@dataclass(frozen=True)
class LinuxProgram:
    """One program to run."""

    entry: Entry
    path: Path
    number: int
    options: MachineOptions
    booted: Path
    """The guest that is about to be told the number."""
    max_instructions: int
    timeout: int
    """Seconds."""

    @cached_property
    def _word(self) -> str:
        """What the program cannot know, so that it does not say itself that it has ended."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:_WORD_LENGTH]

    @cached_property
    def _end(self) -> re.Pattern[str]:
        return re.compile(rf"^{_ENDED} (\d+) {self._word}\r?$", re.MULTILINE)

    def run(self, reporter: Reporter) -> Result | None:
        """See :meth:`tools.conform.suites.Job.run`."""
        began = time.monotonic()
        (machine,), _ = make_machines(self.options)
        machine.sclp.has_line_mode = False
        console = machine.sclp.console = GuestConsole(is_shown=False)
        restore(read_saved(self.booted), machine)
        start = machine.executed
        machine.sclp.type(f"{self.number} {self._word}\n".encode())
        reporter.begin(self.max_instructions)
        why = self._run(machine, console, reporter, began)
        if why is None:
            return None
        _, _, text = console.text.partition(_BEGINS)
        found = self._end.search(text)
        written = self._end.sub("", text).replace("\r", "").strip()
        if found is None:
            outcome, reason = (Outcome.TIMEOUT if why == _LATE else Outcome.STOPPED), why
        else:
            outcome, reason = judge(int(found[1]), written)
        return Result(
            self.entry,
            outcome,
            reason,
            checks=read_checks(written),
            instructions=machine.executed - start,
            console=f"{written}\n" if written else "",
        )

    def _run(self, machine: Machine, console: GuestConsole, reporter: Reporter, began: float) -> str | None:
        """Run until the program has ended; give how the machine stopped, None if it is to be given up."""
        limit = machine.executed + self.max_instructions
        while self._end.search(console.text) is None:
            stop = machine.run(min(_PIECE, limit - machine.executed))
            reporter.advance(_PIECE)
            if reporter.is_stopped:
                return None
            if stop.kind is not StopKind.BUDGET:
                return stop.text
            if machine.executed >= limit or time.monotonic() - began > self.timeout:
                return _LATE
        return ""
