# SPDX-License-Identifier: GPL-2.0-or-later
"""COPY ACCESS (PoP chapter 7), TEST ACCESS and PURGE ALB (PoP chapter 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import field
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE
from emu.isa.second_table import translate_alet, uses_primary_list
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu

PRIMARY_TOKEN: Final = 0
"""The access-list-entry token of the primary space."""
SECONDARY_TOKEN: Final = 1


@instruction(0xB24D, "CPYA", RRE, "COPY ACCESS")
def cpya(cpu: Cpu, operands: Operands) -> None:
    """Copy access register R2 to access register R1."""
    cpu.ar[operands.r1] = cpu.ar[operands.r2]


@instruction(0xB24C, "TAR", RRE, "TEST ACCESS")
def tar(cpu: Cpu, operands: Operands) -> None:
    """Test the token in access register R1, which may be register 0, with the authorization index in bits 32-47 of R2.

    Condition code 0: it is zero, the primary space.  1 and 2: it is translated by the dispatchable-unit or the
    primary-space access list.  3: it is one, the secondary space, or its translation meets an exception.

    :raises ProgramInterruption: addressing.
    """
    alet = cpu.ar[operands.r1]
    if alet == PRIMARY_TOKEN:
        cpu.cc = 0
    elif alet == SECONDARY_TOKEN:
        cpu.cc = 3
    else:
        try:
            translate_alet(cpu, alet, operands.r1, extended_index=field(cpu.gr[operands.r2], 32, 47))
        except ProgramInterruption as condition:
            if condition.code is ProgramInterruptionCode.ADDRESSING:
                raise
            cpu.cc = 3
        else:
            cpu.cc = 2 if uses_primary_list(alet) else 1


@instruction(0xB248, "PALB", RRE, "PURGE ALB", privileged=True)
def palb(cpu: Cpu, operands: Operands) -> None:
    """Clear the ART-lookaside buffer of this CPU, which remembers nothing."""
