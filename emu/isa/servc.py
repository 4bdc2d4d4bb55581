# SPDX-License-Identifier: GPL-2.0-or-later
"""SERVICE CALL, the instruction by which a program asks the service-call logical processor (SCLP).

It is not in the Principles of Operation; what it checks is inferred from what programs rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.devices.sclp import Sclp
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE

if TYPE_CHECKING:
    from emu.cpu import Cpu


@instruction(0xB220, "SERVC", RRE, "SERVICE CALL", privileged=True)
def servc(cpu: Cpu, operands: Operands) -> None:
    """Give the SCLP the command in R1 and the absolute address in R2 of the service-call control block (SCCB).

    Condition code 0: accepted, a service signal follows; 2: busy.

    :raises ProgramInterruption: addressing; specification for an SCCB that is misplaced or shorter than its header.
    """
    cpu.cc = cpu.configuration.device(Sclp).service_call(cpu, cpu.gr32(operands.r1), cpu.address_in(operands.r2))
