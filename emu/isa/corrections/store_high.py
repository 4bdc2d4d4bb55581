# SPDX-License-Identifier: GPL-2.0-or-later
"""STORE MULTIPLE HIGH (PoP chapter 7), for which Unicorn 2.1.4 stores zeros in place of bits 0-31 of the registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import access
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RSY_A

if TYPE_CHECKING:
    from emu.cpu import Cpu


@instruction(0xEB26, "STMH", RSY_A, "STORE MULTIPLE HIGH", reason=Reason.CORRECTION)
def stmh(cpu: Cpu, operands: Operands) -> None:
    """Store bits 0-31 of the general registers R1 to R3.

    :raises ProgramInterruption: access exceptions.
    """
    data = b"".join((cpu.gr[register] >> 32).to_bytes(4, "big") for register in operands.register_range)
    access.store(cpu, cpu.effective_address(operands.b2, operands.d2), data)
