# SPDX-License-Identifier: GPL-2.0-or-later
"""RESUME PROGRAM (PoP chapter 10): load parts of the PSW, an access register and a general register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu import psw as psw_bits
from emu.bits import bit, bits
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import S
from emu.isa.program_status import signal_space_switch
from emu.isa.tracing import trace_branch
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl, Psw
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_FLAGS_ZERO: Final = bits(0, 12, 16)
_LONG_PSW: Final = bit(13, 16)
"""In the flags of the parameter list: the PSW is of sixteen bytes."""
_LONG_REGISTER: Final = bit(14, 16)
"""The same: all 64 bits of the general register are loaded."""
_DISJOINT: Final = bit(15, 16)
"""The same, if all 64 bits are loaded: bits 0-31 lie elsewhere."""
_LOADED: Final = (
    psw_bits.ADDRESS_SPACE_CONTROL | psw_bits.CONDITION_CODE | psw_bits.PROGRAM_MASK | psw_bits.ADDRESSING_MODE
)
"""What comes from the operand; the rest of the PSW stays."""
_MUST_BE_ZERO: Final = bits(33, 63)
"""In the first doubleword of a long PSW."""


@instruction(0xB277, "RP", S, "RESUME PROGRAM")
def rp(cpu: Cpu, operands: Operands) -> None:
    """Load PSW bits 16-23, 31, 32 and 64-127, access register B2 and general register B2 from the second operand.

    The parameter list that follows the instruction, also if that is executed by an EXECUTE, says where each lies.

    :raises ProgramInterruption: access exceptions (instruction fetch of the list, fetch of the operand);
        specification for reserved flags, an odd address or a PSW that is invalid; privileged operation for the home
        space in the problem state; the trace exceptions; a space-switch event, with completion.
    """
    flags, psw_offset, access_offset, general_offset, *rest = _parameters(cpu, operands)
    address = cpu.effective_address(operands.b2, operands.d2)

    def fetch(offset: int, length: int) -> int:
        return access.load_integer(cpu, cpu.wrap(address + offset), length)

    if flags & _LONG_PSW:
        word, target = divmod(fetch(psw_offset, 16), 1 << 64)
        reserved = word & _MUST_BE_ZERO
    else:
        word = fetch(psw_offset, 8)
        target, reserved = word & psw_bits.ADDRESS_31, 0
    access_register = fetch(access_offset, 4)
    general_register = fetch(general_offset, 8 if flags & _LONG_REGISTER and not rest else 4)
    if rest:
        general_register |= fetch(rest[0], 4) << 32
    new = Psw(cpu.psw.mask & ~_LOADED | word & _LOADED, target)
    if cpu.dat and cpu.problem_state and new.address_space_control is AddressSpaceControl.HOME:
        raise ProgramInterruption(_Code.PRIVILEGED_OPERATION)
    if reserved or target & 1 or new.has_early_exception():
        raise ProgramInterruption(_Code.SPECIFICATION)
    trace_branch(cpu, new.mask, target)
    old = cpu.space
    cpu.note_breaking_event()
    cpu.load_psw(new)
    cpu.ar[operands.b2] = access_register
    if flags & _LONG_REGISTER:
        cpu.gr[operands.b2] = general_register
    else:
        cpu.set_gr32(operands.b2, general_register)
    if cpu.dat:
        signal_space_switch(cpu, old)


def _parameters(cpu: Cpu, operands: Operands) -> list[int]:
    """The halfwords of the parameter list: flags, the offsets, and that of bits 0-31 of the register if they have one.

    :raises ProgramInterruption: access exceptions (instruction fetch); specification for reserved flags.
    """
    address = cpu.wrap(cpu.relative_base + operands.length)

    def halfword(number: int) -> int:
        place = access.resolve(cpu, cpu.wrap(address + 2 * number), Access.INSTRUCTION_FETCH)
        return cpu.configuration.storage.read_integer(place, 2)

    flags = halfword(0)
    if flags & _FLAGS_ZERO:
        raise ProgramInterruption(_Code.SPECIFICATION)
    is_disjoint = flags & _LONG_REGISTER and flags & _DISJOINT
    return [flags, *(halfword(number) for number in range(1, 5 if is_disjoint else 4))]
