# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa screen``: from options to a session on the full screen, or to a picture of it."""

from __future__ import annotations

import asyncio
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.debugging.session import Session
from tools.consoles.console import GuestConsole
from tools.machines.programs import describe_program
from tools.machines.setup import set_up
from tools.machines.symbols import load_symbols
from tools.screen.screen_stepper import ScreenStepper
from tools.stepping.conversation import script_lines
from tools.stepping.lines import CommandError
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.machines.options import MachineOptions
    from tools.screen.application import MachineScreen
    from tools.screen.options import ScreenOptions

PICTURE_SIZE: Final = (110, 40)
"""Columns and lines of a picture."""
_PICTURE: Final = ".svg"
_SHORTER: Final = (
    (r"@font-face \{[^}]*\}\s*", ""),
    (r"terminal-\d+-", ""),
    (r' shape-rendering="crispEdges"', ""),
    (r' clip-path="url\(#line-\d+\)"', ""),
    (r"(\d+\.\d\d)\d+", r"\1"),
)
"""Patterns of what a picture is longer by than it must be, and what takes their place."""


def screen_program(options: MachineOptions, wanted: ScreenOptions) -> int:
    """Show the program of *options* on the full screen, and give the exit status of the command.

    It is that of ``essa run`` if the machine has stopped, else 0.

    :raises UsageError: if there is no terminal, or the script cannot be read, or is wrong.
    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    """
    if wanted.picture is not None and not wanted.picture.endswith(_PICTURE):
        raise UsageError(f"--picture: expected a file name that ends in {_PICTURE}, not {wanted.picture}")
    if wanted.picture is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("screen: expected a terminal; 'essa step' takes commands without one, --picture needs none")
    if options.guests != 1:
        raise UsageError("--guests: one guest is shown at a time")
    lines = [] if wanted.script is None else script_lines(wanted.script)
    symbols = load_symbols(options, wanted)
    setup = set_up(options)
    machine = setup.machines[0]
    console = GuestConsole(is_shown=False)
    machine.sclp.console = console
    manager = None if setup.host is None else setup.host.manager
    session = Session(machine, symbols=symbols, host=manager, history=wanted.history)
    session.program = partial(describe_program, options)
    stepper = ScreenStepper(session, max_instructions=wanted.max_instructions, manager=manager)
    # It takes a while to load, and only this command needs it.
    from tools.screen.application import MachineScreen

    try:
        screen = MachineScreen(stepper, console, options.image.path)
        for number, line in enumerate(lines, 1):
            try:
                screen.follow(line)
            except CommandError as reason:
                raise UsageError(f"{wanted.script}, line {number}: {reason}") from None
        if wanted.picture is None:
            screen.run()
        else:
            _draw(screen, Path(wanted.picture))
    finally:
        setup.close()
    if stepper.stop is None:
        return 0
    from tools.reports.verdict import judge

    return judge(stepper.stop, console.text).status


def _draw(screen: MachineScreen, path: Path) -> None:
    picture = asyncio.run(_picture(screen))
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as reason:
        raise UsageError(f"--picture: {path} cannot be written: {reason.strerror}") from None


async def _picture(screen: MachineScreen) -> str:
    async with screen.run_test(size=PICTURE_SIZE) as pilot:
        await pilot.pause()
        return smaller(screen.export_screenshot(title="essa screen", simplify=True))


def smaller(picture: str) -> str:
    """The same *picture* in half of the bytes, and without fonts from elsewhere."""
    for wordy, short in _SHORTER:
        picture = re.sub(wordy, short, picture)
    return picture
