# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program did last before it failed: a run is the same to the bit when it is made again, so that costs nothing
while it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.reports.last_steps import WATCHED, LastSteps

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.symbols.table import SymbolTable

SHOWN: Final = 32
"""Instructions with their interruptions."""


class FailureSteps(LastSteps):
    """The last steps of *machine*, up to the last time that it has come to one of *reporters*.

    What a program does to write that something is wrong comes behind what was wrong.
    """

    def __init__(self, machine: Machine, symbols: SymbolTable, reporters: frozenset[int] = frozenset()) -> None:
        """Watch from now on.

        :param reporters: addresses of functions that tell what was found; if it is not called, all is remembered.
        """
        super().__init__(machine, symbols, shown=SHOWN)
        self._reporters = reporters
        self._before: tuple[str, ...] = ()

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`emu.events.Observer.retired`."""
        super().retired(cpu, address, instruction)
        if cpu.instruction_address in self._reporters:
            self._before = tuple(self.lines())

    @property
    def found(self) -> tuple[str, ...]:
        """What is to be shown, a line each."""
        return self._before or tuple(self.lines())


def steps_before_end(machine: Machine, executed: int, symbols: SymbolTable) -> tuple[str, ...]:
    """The last steps of a run that was ended after *executed* instructions, made again by *machine*."""
    before = max(executed - WATCHED, 0)
    if before:
        machine.run(before)
    steps = FailureSteps(machine, symbols)
    # An instruction that ends the program need not be one that ends itself.
    machine.run(2 * WATCHED)
    return steps.found
