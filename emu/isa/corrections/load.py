# SPDX-License-Identifier: GPL-2.0-or-later
"""LAE, LAEY, LCBB, LOCFHR and INSERT CHARACTERS UNDER MASK (PoP chapter 7), as Unicorn 2.1.4 gets them wrong.

LAE and LAEY set access register 1 whatever R1 is, and confuse the address-space controls.  LCBB clears bits 0-31 of
R1.  LOCFHR takes bits 32-63 of R2 instead of bits 0-31.  ICM and its like with a mask that has gaps compute the
condition code from bits that were not inserted, and change R1, which may be the base register, before an access
exception at a later byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import MASK_32
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRF_C, RS_B, RSY_B, RX_A, RXE, RXY_A
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl

if TYPE_CHECKING:
    from emu.cpu import Cpu

_CORRECTION: Final = Reason.CORRECTION


def _access_register_value(cpu: Cpu, base: int) -> int:
    """What LOAD ADDRESS EXTENDED puts in the access register."""
    if cpu.space is AddressSpaceControl.ACCESS_REGISTER:
        return cpu.ar[base] if base else 0
    return {AddressSpaceControl.PRIMARY: 0, AddressSpaceControl.SECONDARY: 1, AddressSpaceControl.HOME: 2}[cpu.space]


@instruction(0x51, "LAE", RX_A, "LOAD ADDRESS EXTENDED", reason=_CORRECTION)
def lae(cpu: Cpu, operands: Operands) -> None:
    """Put the second-operand address in general register R1, and its space in access register R1."""
    value = _access_register_value(cpu, operands.b2)
    cpu.set_address_register(operands.r1, cpu.effective_address(operands.b2, operands.d2, operands.x2))
    cpu.ar[operands.r1] = value


@instruction(
    0xE375,
    "LAEY",
    RXY_A,
    "LOAD ADDRESS EXTENDED (long displacement)",
    reason=_CORRECTION,
)
def laey(cpu: Cpu, operands: Operands) -> None:
    """Put the second-operand address in general register R1, and its space in access register R1."""
    lae(cpu, operands)


@instruction(0xE727, "LCBB", RXE, "LOAD COUNT TO BLOCK BOUNDARY", reason=_CORRECTION)
def lcbb(cpu: Cpu, operands: Operands) -> None:
    """Put in bits 32-63 of R1 how many bytes, at most 16, there are from the operand address to the block boundary.

    :raises ProgramInterruption: specification, if M3 exceeds 6.
    """
    if operands.m3 > 6:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    block = 64 << operands.m3
    address = cpu.effective_address(operands.b2, operands.d2, operands.x2)
    count = min(16, block - (address & block - 1))
    cpu.set_gr32(operands.r1, count)
    cpu.cc = 0 if count == 16 else 3


@instruction(
    0xB9E0,
    "LOCFHR",
    RRF_C,
    "LOAD HIGH ON CONDITION",
    reason=_CORRECTION,
)
def locfhr(cpu: Cpu, operands: Operands) -> None:
    """Load bits 0-31 of R2 in bits 0-31 of R1 if mask M3 has the bit of the condition code."""
    if operands.m3 & 8 >> cpu.cc:
        cpu.gr[operands.r1] = cpu.gr[operands.r2] >> 32 << 32 | cpu.gr32(operands.r1)


# Insert characters under mask


def _has_gaps(operands: Operands, _: int) -> bool:
    return operands.m3 in (0b0000, 0b0101, 0b0111, 0b1001, 0b1010, 0b1011, 0b1101, 0b1110)


def _insert_under_mask(cpu: Cpu, operands: Operands, word: int) -> int:
    """*word* with the bytes that mask M3 selects replaced from storage; sets the condition code.

    :raises ProgramInterruption: access exceptions, for one byte if the mask is zero.
    """
    mask = operands.m3
    address = cpu.effective_address(operands.b2, operands.d2)
    inserted = access.load(cpu, address, mask.bit_count() or 1)
    if not mask:
        cpu.cc = 0
        return word
    position = 0
    for byte in range(4):
        if mask & 8 >> byte:
            shift = 24 - 8 * byte
            word = word & ~(0xFF << shift) | inserted[position] << shift
            position += 1
    cpu.cc = 0 if not any(inserted) else 1 if inserted[0] & 0x80 else 2
    return word & MASK_32


@instruction(0xBF, "ICM", RS_B, "INSERT CHARACTERS UNDER MASK (low)", reason=_CORRECTION, only=_has_gaps)
def icm(cpu: Cpu, operands: Operands) -> None:
    """Insert bytes from storage in bits 32-63 of R1.

    :raises ProgramInterruption: access exceptions.
    """
    cpu.set_gr32(operands.r1, _insert_under_mask(cpu, operands, cpu.gr32(operands.r1)))


@instruction(
    0xEB81,
    "ICMY",
    RSY_B,
    "INSERT CHARACTERS UNDER MASK (low)",
    reason=_CORRECTION,
    only=_has_gaps,
)
def icmy(cpu: Cpu, operands: Operands) -> None:
    """Insert bytes from storage in bits 32-63 of R1.

    :raises ProgramInterruption: access exceptions.
    """
    icm(cpu, operands)


@instruction(0xEB80, "ICMH", RSY_B, "INSERT CHARACTERS UNDER MASK (high)", reason=_CORRECTION, only=_has_gaps)
def icmh(cpu: Cpu, operands: Operands) -> None:
    """Insert bytes from storage in bits 0-31 of R1.

    :raises ProgramInterruption: access exceptions.
    """
    high = _insert_under_mask(cpu, operands, cpu.gr[operands.r1] >> 32)
    cpu.gr[operands.r1] = high << 32 | cpu.gr32(operands.r1)


@instruction(
    0xE33B,
    "LZRF",
    RXY_A,
    "LOAD AND ZERO RIGHTMOST BYTE (32)",
)
def lzrf(cpu: Cpu, operands: Operands) -> None:
    """Load a word in bits 32-63 of R1 with its last byte zero; the engine has another opcode for it.

    :raises ProgramInterruption: access exceptions.
    """
    word = access.load_integer(cpu, cpu.effective_address(operands.b2, operands.d2, operands.x2), 4)
    cpu.set_gr32(operands.r1, word & ~0xFF)
