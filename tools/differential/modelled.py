# SPDX-License-Identifier: GPL-2.0-or-later
"""Execution by the model wherever it can: what the engine gets wrong in every way of running is found beside it.

The model has all that was ever corrected, also the forms that the engine executes rightly by now.  Of the rest, the
condition code of signed sums is found here once more, as the manual defines it (PoP 7, "ADD" and "SUBTRACT").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import signed
from emu.engine.engine import Engine
from emu.engine.exits import Declared, StepExit, Stepped
from emu.engine.quirks.overflow import FIXED_POINT_OVERFLOW_MASK
from emu.isa.declaration import decode
from emu.isa.execute import execute_target, executes_target
from emu.isa.opcodes import Opcode
from emu.program_interruption import ProgramInterruption

if TYPE_CHECKING:
    from emu.cpu import Cpu

_SUMS: Final = {"1A": 32, "B908": 64, "B918": 64, "B9F8": 32, "B9E8": 64}
"""AR, AGR, AGFR, ARK and AGRK, with the bits of the result."""
_DIFFERENCES: Final = {"1B": 32, "B909": 64, "B919": 64, "B9F9": 32, "B9E9": 64}
"""The same of SUBTRACT."""
_OF_32_BITS: Final = ("B918", "B919")
"""Those whose second operand is shorter than the result."""


class ModelledEngine(Engine):
    """An engine that leaves to the model, instruction by instruction, all that the model has."""

    def step(self, instruction: bytes) -> StepExit:
        """See :meth:`emu.engine.engine.Engine.step`."""
        executed = instruction
        if executes_target(self._cpu, instruction):
            try:
                executed = execute_target(self._cpu, instruction, self._cpu.instruction_address)
            except ProgramInterruption:
                return Declared(instruction)
        if decode(executed) is not None:
            return Declared(instruction)
        code = code_of_signed_sum(self._cpu, executed)
        ended = super().step(instruction)
        if code is None or not isinstance(ended, Stepped):
            return ended
        self._cpu.cc = code
        return Stepped(overflowed=code == 3 and bool(self.registers.psw[0] & FIXED_POINT_OVERFLOW_MASK))


def code_of_signed_sum(cpu: Cpu, instruction: bytes) -> int | None:
    """The condition code that *instruction*, if it adds or subtracts signed registers, is about to set."""
    opcode = str(Opcode.of(instruction))
    width = _SUMS.get(opcode) or _DIFFERENCES.get(opcode)
    if width is None:
        return None
    registers = instruction[-1]
    first, second = cpu.gr[registers >> 4], cpu.gr[registers & 0x0F]
    if len(instruction) == 4 and opcode[2] in "EF":
        first, second = second, cpu.gr[instruction[2] >> 4]
    number = signed(second, 32 if opcode in _OF_32_BITS else width)
    exact = signed(first, width) + (number if opcode in _SUMS else -number)
    if exact != signed(exact, width):
        return 3
    return 0 if exact == 0 else 1 if exact < 0 else 2
