# SPDX-License-Identifier: GPL-2.0-or-later
"""VECTOR REPLICATE (PoP chapter 21).

Unicorn 2.1.4 looks at the last eight bits of I2 only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.isa import vector
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import VRI_C

if TYPE_CHECKING:
    from emu.cpu import Cpu

_LARGEST: Final = 3
"""Doublewords."""


def _is_cut(operands: Operands, _: int) -> bool:
    return operands.i2 > 0xFF


@instruction(
    0xE74D,
    "VREP",
    VRI_C,
    "VECTOR REPLICATE",
    reason=Reason.CORRECTION,
    only=_is_cut,
)
def vrep(cpu: Cpu, operands: Operands) -> None:
    """Put element I2 of V3 in each element of V1.

    :raises ProgramInterruption: data; specification for a reserved M4, or if there is no such element.
    """
    vector.require_vector(cpu)
    vector.require(operands.m4 <= _LARGEST)
    source = vector.elements(cpu, operands.v3, 1 << operands.m4)
    vector.require(operands.i2 < len(source))
    vector.put_elements(cpu, operands.v1, 1 << operands.m4, [source[operands.i2]] * len(source))
