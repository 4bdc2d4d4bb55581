# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa step``: the commands come from a file, or are typed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.input_files.reading import read_whole
from tools.consoles.console import GuestConsole
from tools.machines.setup import set_up
from tools.stepping.stepper import CommandError, Stepper
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.machines.options import MachineOptions
    from tools.stepping.options import StepOptions

_PROMPT: Final = "essa> "


def step_program(options: MachineOptions, wanted: StepOptions) -> int:
    """Step through the program of *options*, and give the exit status of the command.

    It is that of ``essa run`` if the machine has stopped, else 0.

    :raises UsageError: if the script cannot be read, or a command of it is wrong.
    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    """
    script = wanted.script
    lines = _script_lines(script) if script is not None else None
    if options.guests != 1:
        raise UsageError("--guests: one guest is stepped at a time")
    setup = set_up(options)
    machine = setup.machines[0]
    console = GuestConsole()
    machine.sclp.console = console

    def write(line: str) -> None:
        console.end_line()
        print(line, flush=True)

    stepper = Stepper(machine, write, wanted.max_instructions, None if setup.host is None else setup.host.manager)
    try:
        if lines is not None:
            _follow(stepper, lines, str(script), write)
        else:
            converse(stepper)
    finally:
        setup.close()
    if stepper.stop is None:
        return 0
    from tools.reports.verdict import judge

    return judge(stepper.stop, console.text).status


def _script_lines(script: str) -> list[str]:
    try:
        return read_whole(Path(script)).decode().splitlines()
    except OSError as reason:
        raise UsageError(f"--script: {script} cannot be read: {reason.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--script: {script} is not text in UTF-8") from None


def _follow(stepper: Stepper, lines: list[str], script: str, write: Callable[[str], None]) -> None:
    for number, line in enumerate(lines, 1):
        write(f"{_PROMPT}{line}".rstrip())
        try:
            if not stepper.execute(line):
                return
        except CommandError as reason:
            raise UsageError(f"{script}, line {number}: {reason}") from None


def converse(stepper: Stepper, until: str | None = None) -> bool:
    """Execute what is typed, to its end, to ``q``, or to the command *until*; give whether it was that one."""
    for line in _typed_lines():
        if until is not None and line.strip() == until:
            return True
        try:
            if not stepper.execute(line):
                return False
        except CommandError as reason:
            print(reason)
    return False


def _typed_lines() -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from (line.rstrip("\n") for line in sys.stdin)
        return
    import readline  # noqa: F401 - gives input() its line editing

    while True:
        try:
            yield input(_PROMPT)
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
