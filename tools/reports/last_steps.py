# SPDX-License-Identifier: GPL-2.0-or-later
"""The last instructions and branches before a run ended, for runs that ended in a way nobody asked for."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from emu.events import Observer
from emu.symbols.table import NO_SYMBOLS
from tools.reports.trace import Tracer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.symbols.table import SymbolTable

SHOWN: Final = 16
"""Steps, and branches."""
WATCHED: Final = 4096
"""Instructions that are executed one by one before the end, for the branches among them."""


class LastSteps(Observer):
    """Remembers the last steps of a trace, and the last branches; the machine runs step by step for it.

    A step is an instruction with the interruptions that belong to it.  What is repeated is remembered once and counted,
    so that a loop does not hide what led into it.
    """

    wants_instructions = True

    def __init__(self, machine: Machine, symbols: SymbolTable = NO_SYMBOLS, *, shown: int = SHOWN) -> None:
        """Watch *machine* from now on.

        :param shown: how many steps are remembered, and how many branches.
        """
        self._symbols = symbols
        self._lines: list[str] = []
        """Of the step that is being made."""
        self._steps: deque[tuple[tuple[str, ...], int]] = deque(maxlen=shown)
        self._branches: deque[tuple[tuple[str, ...], int]] = deque(maxlen=shown)
        machine.observers.extend((Tracer(machine, self._lines.append, symbols), self))

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`Observer.retired`."""
        _remember(self._steps, tuple(self._lines))
        self._lines.clear()
        target = cpu.instruction_address
        if target != cpu.wrap(address + len(instruction)):
            _remember(self._branches, (f"cpu {cpu.address}: {self._name(address)} -> {self._name(target)}",))

    def _name(self, address: int) -> str:
        return f"{address:016x} {self._symbols.label(address)}".rstrip()

    def lines(self) -> Iterator[str]:
        """What is to be shown: the instructions, then the branches."""
        yield "the last instructions and interruptions:"
        yield from _shown(self._steps)
        # Of an instruction that has not been completed, such as the one that led to the end.
        yield from (f"  {line}" for line in self._lines)
        if self._branches:
            yield "the last branches:"
            yield from _shown(self._branches)


def _remember(remembered: deque[tuple[tuple[str, ...], int]], lines: tuple[str, ...]) -> None:
    times = 1
    if remembered and remembered[-1][0] == lines:
        times += remembered.pop()[1]
    remembered.append((lines, times))


def _shown(remembered: deque[tuple[tuple[str, ...], int]]) -> Iterator[str]:
    for lines, times in remembered:
        yield from (f"  {line}" for line in lines)
        if times > 1:
            yield f"    ({times:,} times)"
