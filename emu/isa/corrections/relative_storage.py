# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions with a relative-long storage operand (PoP chapter 7): LRL, STRL, CRL and their like.

Unicorn 2.1.4 does not see that a word or doubleword operand must be aligned, takes the halfword operand of CHRL and
CGHRL for a word and a doubleword, and under EXECUTE counts from the wrong instruction.  It takes the operand for one in
the space of other operands; but an address that is relative to the instruction is an instruction address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import MASK_64, signed
from emu.facilities import Facility
from emu.isa.condition_codes import of_comparison
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RIL_B
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl

if TYPE_CHECKING:
    from emu.cpu import Cpu

_EXTENSION: Final = Facility.GENERAL_INSTRUCTIONS_EXTENSION
_CORRECTION: Final = Reason.CORRECTION
_EXECUTED: Final = Reason.EXECUTED
_UNREFUSED: Final = Reason.UNREFUSED
_HALFWORD: Final = 2
_WORD: Final = 4
_DOUBLEWORD: Final = 8


def _off_word(operands: Operands, address: int) -> bool:
    return bool(address + 2 * operands.ri2 & _WORD - 1)


def _off_doubleword(operands: Operands, address: int) -> bool:
    return bool(address + 2 * operands.ri2 & _DOUBLEWORD - 1)


def _operand_address(cpu: Cpu, operands: Operands, length: int) -> int:
    """The address of the second operand, of *length* bytes.

    :raises ProgramInterruption: specification if it is not aligned.
    """
    address = cpu.relative_address(operands.ri2)
    if address % length:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    return address


def _operand_space(cpu: Cpu) -> AddressSpaceControl | None:
    """The space of the operand: that from which instructions are fetched; None if it is that of other operands."""
    return AddressSpaceControl.PRIMARY if cpu.operands_are_apart else None


def _fetch(cpu: Cpu, operands: Operands, length: int) -> int:
    return access.load_integer(cpu, _operand_address(cpu, operands, length), length, space=_operand_space(cpu))


def _fetch_signed(cpu: Cpu, operands: Operands, length: int) -> int:
    return signed(_fetch(cpu, operands, length), 8 * length)


# Loading


@instruction(0xC4D, "LRL", RIL_B, "LOAD RELATIVE LONG (32)", reason=_UNREFUSED, only=_off_word)
def lrl(cpu: Cpu, operands: Operands) -> None:
    """Load a word.

    :raises ProgramInterruption: specification; access exceptions.  So do all instructions of this file.
    """
    cpu.set_gr32(operands.r1, _fetch(cpu, operands, _WORD))


@instruction(0xC48, "LGRL", RIL_B, "LOAD RELATIVE LONG (64)", reason=_UNREFUSED, only=_off_doubleword)
def lgrl(cpu: Cpu, operands: Operands) -> None:
    """Load a doubleword."""
    cpu.gr[operands.r1] = _fetch(cpu, operands, _DOUBLEWORD)


@instruction(0xC4C, "LGFRL", RIL_B, "LOAD RELATIVE LONG (64<32)", reason=_UNREFUSED, only=_off_word)
def lgfrl(cpu: Cpu, operands: Operands) -> None:
    """Load a signed word in 64 bits."""
    cpu.gr[operands.r1] = _fetch_signed(cpu, operands, _WORD) & MASK_64


@instruction(0xC4E, "LLGFRL", RIL_B, "LOAD LOGICAL RELATIVE LONG", reason=_UNREFUSED, only=_off_word)
def llgfrl(cpu: Cpu, operands: Operands) -> None:
    """Load an unsigned word in 64 bits."""
    cpu.gr[operands.r1] = _fetch(cpu, operands, _WORD)


@instruction(0xC45, "LHRL", RIL_B, "LOAD HALFWORD RELATIVE LONG (32)", reason=_EXECUTED)
def lhrl(cpu: Cpu, operands: Operands) -> None:
    """Load a signed halfword in 32 bits."""
    cpu.set_gr32(operands.r1, _fetch_signed(cpu, operands, _HALFWORD))


@instruction(0xC44, "LGHRL", RIL_B, "LOAD HALFWORD RELATIVE LONG (64)", reason=_EXECUTED)
def lghrl(cpu: Cpu, operands: Operands) -> None:
    """Load a signed halfword in 64 bits."""
    cpu.gr[operands.r1] = _fetch_signed(cpu, operands, _HALFWORD) & MASK_64


@instruction(0xC42, "LLHRL", RIL_B, "LOAD LOGICAL HALFWORD RELATIVE LONG (32)", reason=_EXECUTED)
def llhrl(cpu: Cpu, operands: Operands) -> None:
    """Load an unsigned halfword in 32 bits."""
    cpu.set_gr32(operands.r1, _fetch(cpu, operands, _HALFWORD))


@instruction(0xC46, "LLGHRL", RIL_B, "LOAD LOGICAL HALFWORD RELATIVE LONG (64)", reason=_EXECUTED)
def llghrl(cpu: Cpu, operands: Operands) -> None:
    """Load an unsigned halfword in 64 bits."""
    cpu.gr[operands.r1] = _fetch(cpu, operands, _HALFWORD)


# Storing


def _store(cpu: Cpu, operands: Operands, length: int) -> None:
    value = cpu.gr[operands.r1] & (1 << 8 * length) - 1
    access.store_integer(cpu, _operand_address(cpu, operands, length), length, value, space=_operand_space(cpu))


@instruction(0xC47, "STHRL", RIL_B, "STORE HALFWORD RELATIVE LONG", reason=_EXECUTED)
def sthrl(cpu: Cpu, operands: Operands) -> None:
    """Store bits 48-63 of R1."""
    _store(cpu, operands, _HALFWORD)


@instruction(0xC4F, "STRL", RIL_B, "STORE RELATIVE LONG (32)", reason=_UNREFUSED, only=_off_word)
def strl(cpu: Cpu, operands: Operands) -> None:
    """Store bits 32-63 of R1."""
    _store(cpu, operands, _WORD)


@instruction(0xC4B, "STGRL", RIL_B, "STORE RELATIVE LONG (64)", reason=_UNREFUSED, only=_off_doubleword)
def stgrl(cpu: Cpu, operands: Operands) -> None:
    """Store R1."""
    _store(cpu, operands, _DOUBLEWORD)


# Comparing


@instruction(0xC6D, "CRL", RIL_B, "COMPARE RELATIVE LONG (32)", reason=_UNREFUSED, only=_off_word)
def crl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with a word."""
    cpu.cc = of_comparison(signed(cpu.gr[operands.r1], 32), _fetch_signed(cpu, operands, _WORD))


@instruction(0xC68, "CGRL", RIL_B, "COMPARE RELATIVE LONG (64)", reason=_UNREFUSED, only=_off_doubleword)
def cgrl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with a doubleword."""
    cpu.cc = of_comparison(signed(cpu.gr[operands.r1], 64), _fetch_signed(cpu, operands, _DOUBLEWORD))


@instruction(0xC6C, "CGFRL", RIL_B, "COMPARE RELATIVE LONG (64<32)", reason=_UNREFUSED, only=_off_word)
def cgfrl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with a signed word."""
    cpu.cc = of_comparison(signed(cpu.gr[operands.r1], 64), _fetch_signed(cpu, operands, _WORD))


@instruction(0xC65, "CHRL", RIL_B, "COMPARE HALFWORD RELATIVE LONG (32)", reason=_CORRECTION)
def chrl(cpu: Cpu, operands: Operands) -> None:
    """Compare bits 32-63 of R1 with a signed halfword."""
    cpu.cc = of_comparison(signed(cpu.gr[operands.r1], 32), _fetch_signed(cpu, operands, _HALFWORD))


@instruction(0xC64, "CGHRL", RIL_B, "COMPARE HALFWORD RELATIVE LONG (64)", reason=_CORRECTION)
def cghrl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with a signed halfword."""
    cpu.cc = of_comparison(signed(cpu.gr[operands.r1], 64), _fetch_signed(cpu, operands, _HALFWORD))


@instruction(0xC6F, "CLRL", RIL_B, "COMPARE LOGICAL RELATIVE LONG (32)", reason=_UNREFUSED, only=_off_word)
def clrl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with an unsigned word."""
    cpu.cc = of_comparison(cpu.gr32(operands.r1), _fetch(cpu, operands, _WORD))


@instruction(
    0xC6A,
    "CLGRL",
    RIL_B,
    "COMPARE LOGICAL RELATIVE LONG (64)",
    reason=_UNREFUSED,
    only=_off_doubleword,
)
def clgrl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with an unsigned doubleword."""
    cpu.cc = of_comparison(cpu.gr[operands.r1], _fetch(cpu, operands, _DOUBLEWORD))


@instruction(
    0xC6E,
    "CLGFRL",
    RIL_B,
    "COMPARE LOGICAL RELATIVE LONG (64<32)",
    reason=_UNREFUSED,
    only=_off_word,
)
def clgfrl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with an unsigned word in 64 bits."""
    cpu.cc = of_comparison(cpu.gr[operands.r1], _fetch(cpu, operands, _WORD))


@instruction(0xC67, "CLHRL", RIL_B, "COMPARE LOGICAL HALFWORD RELATIVE LONG (32)", reason=_EXECUTED)
def clhrl(cpu: Cpu, operands: Operands) -> None:
    """Compare bits 32-63 of R1 with an unsigned halfword."""
    cpu.cc = of_comparison(cpu.gr32(operands.r1), _fetch(cpu, operands, _HALFWORD))


@instruction(0xC66, "CLGHRL", RIL_B, "COMPARE LOGICAL HALFWORD RELATIVE LONG (64)", reason=_EXECUTED)
def clghrl(cpu: Cpu, operands: Operands) -> None:
    """Compare R1 with an unsigned halfword."""
    cpu.cc = of_comparison(cpu.gr[operands.r1], _fetch(cpu, operands, _HALFWORD))
