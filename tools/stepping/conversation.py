# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa step``: the commands come from a file, or are typed."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.debugging.session import Session
from emu.input_files.reading import read_whole
from tools.consoles.console import GuestConsole
from tools.machines.programs import describe_program
from tools.machines.setup import set_up
from tools.machines.symbols import load_symbols
from tools.stepping.lines import CommandError, execute, parts
from tools.stepping.stepper import Stepper
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from tools.machines.options import MachineOptions
    from tools.stepping.options import StepOptions

PROMPT: Final = "essa> "


def step_program(options: MachineOptions, wanted: StepOptions) -> int:
    """Step through the program of *options*, and give the exit status of the command.

    It is that of ``essa run`` if the machine has stopped, else 0; and 2 if a command of a script was wrong.

    :raises UsageError: if the script cannot be read, or a command of it is wrong and it is not to go on.
    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    """
    if wanted.commands is not None:
        source, lines = "--commands", parts(wanted.commands)
    elif wanted.script is not None:
        source, lines = wanted.script, script_lines(wanted.script)
    else:
        source, lines = "", None
    if options.guests != 1:
        raise UsageError("--guests: one guest is stepped at a time")
    symbols = load_symbols(options, wanted)
    setup = set_up(options)
    machine = setup.machines[0]
    console = GuestConsole()
    machine.sclp.console = console

    def write(line: str) -> None:
        console.end_line()
        print(line, flush=True)

    manager = None if setup.host is None else setup.host.manager
    session = Session(machine, symbols=symbols, host=manager, history=wanted.history)
    session.program = partial(describe_program, options)
    stepper = Stepper(session, write, max_instructions=wanted.max_instructions, manager=manager)
    is_wrong = False
    try:
        if lines is not None:
            is_wrong = _follow(stepper, lines, source, write, keep_going=wanted.keep_going)
        else:
            converse(stepper)
    finally:
        setup.close()
    if is_wrong:
        return _WRONG
    if stepper.stop is None:
        return 0
    from tools.reports.verdict import judge

    return judge(stepper.stop, console.text).status


_WRONG: Final = 2


def script_lines(script: str) -> list[str]:
    """The lines of the file *script*, commands of the console.

    :raises UsageError: if it cannot be read, or is not text.
    """
    try:
        return read_whole(Path(script)).decode().splitlines()
    except OSError as reason:
        raise UsageError(f"--script: {script} cannot be read: {reason.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--script: {script} is not text in UTF-8") from None


def _follow(stepper: Stepper, lines: list[str], script: str, write: Callable[[str], None], *, keep_going: bool) -> bool:
    """Execute the *lines* of a script, and give whether one of them was wrong.

    :raises UsageError: at the first wrong one, unless it is to *keep_going*.
    """
    is_wrong = False
    stepper.terminal = _terminal()
    for number, line in enumerate(lines, 1):
        write(f"{PROMPT}{line.strip()}".rstrip())
        try:
            if not execute(stepper, line):
                break
        except CommandError as reason:
            message = f"{script}, line {number}: {reason}"
            if not keep_going:
                raise UsageError(message) from None
            print(f"essa: {message}", file=sys.stderr, flush=True)
            is_wrong = True
    return is_wrong


def converse(stepper: Stepper, until: str | None = None) -> bool:
    """Execute what is typed, to its end, to ``q``, or to the command *until*; give whether it was that one."""
    from tools.processes.interrupt import ctrl_c

    stepper.terminal = _terminal()
    for line in _typed_lines(stepper):
        if until is not None and line.strip() == until:
            return True
        with ctrl_c() as switch:
            try:
                if not execute(stepper, line):
                    return False
            except CommandError as reason:
                stepper.write(str(reason))
        if switch.is_pressed and not _is_at_terminal():
            raise KeyboardInterrupt
    return False


def _is_at_terminal() -> bool:
    """Whether somebody types, and sees what comes of it."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _terminal() -> TextIO | None:
    """Where it is shown how far a search is."""
    return sys.stderr if sys.stderr.isatty() else None


def _typed_lines(stepper: Stepper) -> Iterator[str]:
    if _is_at_terminal():
        from tools.stepping.prompt import Prompt

        prompt = Prompt(stepper.session, PROMPT)
        while True:
            stepper.width = shutil.get_terminal_size().columns
            line = prompt.read()
            if line is None:
                return
            yield line
    yield from (line.rstrip("\n") for line in sys.stdin)
