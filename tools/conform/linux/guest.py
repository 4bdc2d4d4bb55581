# SPDX-License-Identifier: GPL-2.0-or-later
"""A Linux guest that has booted and is saved, and one program run in it."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.machine import StopKind
from emu.save_file import read_saved, write_saved
from emu.saving import restore, save
from tools.conform.results import FAILING, Check, Outcome, Result
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
read number <$terminal
cd /tmp 2>/dev/null || cd /
echo '{_BEGINS}'
/{_PROGRAM}$number </dev/null 2>&1
echo "{_ENDED} $?"
sleep 1
"""
"""What the guest does: one program, which is named to it by its number."""
_END: Final = re.compile(rf"^{_ENDED} (\d+)\r?$", re.MULTILINE)
_CHECK: Final = re.compile(r"^\s*(ok|not ok) \d+\s*(?:- )?(.*?)(?:\s*# (SKIP)\b\s*(.*?))?\r?$", re.MULTILINE)
_SKIPPED: Final = (4, 77)
_SIGNALLED: Final = 128
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


@dataclass(frozen=True, slots=True)
class LinuxProgram:
    """One program to run."""

    entry: Entry
    number: int
    options: MachineOptions
    booted: Path
    """The guest that is about to be told the number."""
    max_instructions: int
    timeout: int
    """Seconds."""

    def run(self, reporter: Reporter) -> Result | None:
        """See :meth:`tools.conform.suites.Job.run`."""
        began = time.monotonic()
        (machine,), _ = make_machines(self.options)
        machine.sclp.has_line_mode = False
        console = machine.sclp.console = GuestConsole(is_shown=False)
        restore(read_saved(self.booted), machine)
        start = machine.executed
        machine.sclp.type(f"{self.number}\n".encode())
        reporter.begin(self.max_instructions)
        why = self._run(machine, console, reporter, began)
        if why is None:
            return None
        _, _, text = console.text.partition(_BEGINS)
        found = _END.search(text)
        written = _END.sub("", text).replace("\r", "").strip()
        checks = _checks(written)
        if found is None:
            outcome, reason = (Outcome.TIMEOUT if why == _LATE else Outcome.STOPPED), why
        else:
            outcome, reason = _judge(int(found[1]), checks)
        return Result(
            self.entry,
            outcome,
            reason,
            checks=checks,
            instructions=machine.executed - start,
            console=f"{written}\n" if written else "",
        )

    def _run(self, machine: Machine, console: GuestConsole, reporter: Reporter, began: float) -> str | None:
        """Run until the program has ended; give how the machine stopped, None if it is to be given up."""
        limit = machine.executed + self.max_instructions
        while _END.search(console.text) is None:
            stop = machine.run(min(_PIECE, limit - machine.executed))
            reporter.advance(_PIECE)
            if reporter.is_stopped:
                return None
            if stop.kind is not StopKind.BUDGET:
                return stop.text
            if machine.executed >= limit or time.monotonic() - began > self.timeout:
                return _LATE
        return ""


def _judge(status: int, checks: tuple[Check, ...]) -> tuple[Outcome, str]:
    """What a program with this exit *status* and these *checks* comes to."""
    if status in _SKIPPED:
        return Outcome.SKIPPED, f"exit status {status}"
    if status > _SIGNALLED:
        return Outcome.FAILED, f"ended by signal {status - _SIGNALLED}"
    if status:
        return Outcome.FAILED, f"exit status {status}"
    failed = [check.name for check in checks if check.verdict in FAILING]
    return (Outcome.FAILED, failed[0]) if failed else (Outcome.PASSED, "")


def _checks(text: str) -> tuple[Check, ...]:
    """The checks that a program tells of in TAP, as the kernel's own tests do."""
    return tuple(
        Check("SKIP" if skip else "PASS" if word == "ok" else "FAIL", name, text=reason)
        for word, name, skip, reason in _CHECK.findall(text)
    )
