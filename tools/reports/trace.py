# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace of a machine that runs, as lines of :mod:`tools.reports.trace_lines`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.debugging.all_registers import changes_between, registers_of
from emu.events import Observer
from emu.psw import PROBLEM_STATE
from emu.symbols.table import NO_SYMBOLS
from emu.traces.schema import Register
from tools.reports.trace_lines import (
    host_line,
    instruction_line,
    interruption_line,
    key_text,
    register_texts,
    state_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw
    from emu.symbols.table import SymbolTable

_OF_INSTRUCTIONS: Final = frozenset({"program", "svc"})
"""The classes of interruption that belong to an instruction; the others come between two."""


class Tracer(Observer):
    """Writes a line for each instruction and interruption; the machine runs step by step for it."""

    wants_instructions = True

    def __init__(self, machine: Machine, write: Callable[[str], object], symbols: SymbolTable = NO_SYMBOLS) -> None:
        """Trace *machine* from its present state on; *write* is called with each line, without a line end.

        :param symbols: they name what instructions refer to, and the addresses of PSWs.
        """
        self._machine = machine
        self._symbols = symbols
        self._write = write
        self._seen: list[list[int]] = []
        """What all registers of each CPU held when its last line was written."""
        self._changes: list[str] = []
        self._interruptions: list[str] = []
        self._is_between = False
        """An interruption was just taken between two instructions."""
        self.refresh()

    def refresh(self) -> None:
        """Take the present state as the one that changes are shown against."""
        self._seen = [registers_of(cpu) for cpu in self._machine.cpus]

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`Observer.retired`."""
        before, after = self._seen[cpu.address], registers_of(cpu)
        changed = register_texts(changes_between(before, after), after.__getitem__, has_psw=not self._interruptions)
        changes = [*changed, *self._changes]
        is_problem_state = bool(before[Register.PSW_MASK] & PROBLEM_STATE)
        self._write(
            instruction_line(
                cpu.address, address, instruction, changes, self._symbols, is_problem_state=is_problem_state
            )
        )
        for line in self._interruptions:
            self._write(line)
        self._seen[cpu.address] = after
        self._changes.clear()
        self._interruptions.clear()
        self._is_between = False

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        line = interruption_line(cpu.address, kind, code, old, cpu.psw, self._symbols)
        # An interruption that loads an invalid PSW causes another one before any instruction.
        is_early = self._is_between and old.has_early_exception()
        if kind in _OF_INSTRUCTIONS and not is_early:
            self._interruptions.append(line)
            return
        self._write(line)
        self._is_between = True
        self._seen[cpu.address] = registers_of(cpu)

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        self._changes.append(state_text(page, before, after))

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        self._write(host_line(page, before, after))

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.key_changed`."""
        self._changes.append(key_text(page, before, after))
