# SPDX-License-Identifier: GPL-2.0-or-later
"""A screen without a terminal, driven by keys, and what is seen on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Static

from emu.debugging.session import Session
from emu.machine import MEGABYTE, Machine
from emu.program import parse_program
from emu.symbols.reading import read_symbols
from emu.symbols.table import NO_SYMBOLS, SymbolTable
from tests.support.elf import ESSA_PROGRAM, Elf, ending_program
from tools.consoles.console import GuestConsole
from tools.screen.application import MachineScreen
from tools.screen.panes import Pane
from tools.screen.screen_stepper import ScreenStepper


class Viewer:
    """Somebody at a screen: presses keys, and reads the parts."""

    def __init__(self, screen: MachineScreen, pilot: Pilot[None]) -> None:
        self.screen = screen
        self.session = screen.session
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self._pilot.press(key)
            await self.screen.workers.wait_for_complete()
            await self._pilot.pause()

    async def burst(self, text: str) -> None:
        """The keys of *text*, all there before one of them is looked at."""
        for letter in text:
            name = {":": "colon", " ": "space", "\r": "enter"}.get(letter, letter)
            self.screen.post_message(Key(name, letter))
        for _ in range(3):
            await self._pilot.pause()
            await self.screen.workers.wait_for_complete()

    async def type(self, command: str) -> None:
        """Type a command on the command line."""
        await self._pilot.press("colon")
        self.screen.query_one("#command").value = command  # type: ignore[attr-defined]
        await self.press("enter")

    async def begin(self, key: str) -> None:
        """Press a *key*, and do not wait for what it does."""
        await self._pilot.press(key)

    def text(self) -> list[str]:
        """The lines at the lower right."""
        return str(self.screen.query_one("#text", Static).content).split("\n")

    def lines(self, pane: str) -> list[str]:
        """The lines of a part."""
        return self.screen.query_one(f"#{pane}", Pane).render().plain.split("\n")

    def whole(self) -> list[str]:
        """The whole screen, as the terminal shows it."""
        return [strip.text for strip in self.screen.screen._compositor.render_strips()]

    def lit(self, pane: str, style: str) -> list[str]:
        """What is highlighted by *style* in a part."""
        text = self.screen.query_one(f"#{pane}", Pane).render()
        return [text.plain[span.start : span.end] for span in text.spans if style in str(span.style)]


Act = Callable[[Viewer], Coroutine[None, None, None]]
Look = Callable[..., None]


@pytest.fixture
def look() -> Look:
    """Has somebody do something at the screen of a program: that which makes the page at 1 MB unused and stable."""

    def start(
        act: Act,
        elf: Elf | None = None,
        *,
        size: tuple[int, int] = (80, 24),
        megabytes: int = 2,
        image: Path | None = None,
    ) -> None:
        machine = Machine(megabytes * MEGABYTE)
        content = (elf or ending_program(ESSA_PROGRAM)).to_bytes() if image is None else image.read_bytes()
        parse_program(content, "x.elf").load(machine)
        symbols = NO_SYMBOLS if image is None else SymbolTable((read_symbols(image),))
        console = GuestConsole(is_shown=False)
        machine.sclp.console = console
        screen = MachineScreen(
            ScreenStepper(Session(machine, symbols=symbols, history=16 << 20)), console, image or Path("x.elf")
        )

        async def drive() -> None:
            async with screen.run_test(size=size) as pilot:
                await pilot.pause()
                await act(Viewer(screen, pilot))

        asyncio.run(drive())

    return start
