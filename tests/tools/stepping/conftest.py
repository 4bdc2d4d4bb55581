# SPDX-License-Identifier: GPL-2.0-or-later
"""A stepper on a small machine, and what it writes."""

from __future__ import annotations

import pytest

from emu.debugging.session import Session
from emu.machine import MEGABYTE, Machine
from emu.program import parse_program
from tests.support.elf import ESSA_PROGRAM, Elf, ending_program
from tools.stepping.lines import execute
from tools.stepping.stepper import Stepper


class Typist:
    """A stepper, driven line by line."""

    def __init__(
        self, elf: Elf, *, max_instructions: int | None = None, cpus: int = 1, history: int = 16 << 20
    ) -> None:
        self.machine = Machine(2 * MEGABYTE, cpus=cpus)
        parse_program(elf.to_bytes(), "x.elf").load(self.machine)
        self._lines: list[str] = []
        self.session = Session(self.machine, history=history)
        self.stepper = Stepper(self.session, self._lines.append, max_instructions=max_instructions)

    def __call__(self, command: str) -> list[str]:
        """The lines that *command* writes."""
        self._lines.clear()
        assert execute(self.stepper, command)
        return list(self._lines)

    @property
    def address(self) -> int:
        return self.machine.cpus[0].instruction_address


@pytest.fixture
def typist() -> Typist:
    """A stepper before the program that makes the page at 1 MB unused and stable again."""
    return Typist(ending_program(ESSA_PROGRAM))
