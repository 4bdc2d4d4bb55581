# SPDX-License-Identifier: GPL-2.0-or-later
"""TRAP (PoP chapter 10): save the state in a trap save area, and branch to the trap program.

The trap control block and the save area are in the home space, and the PSW key applies to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu import psw as psw_bits
from emu.bits import bit, bits
from emu.isa.authority import require_dat
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import E, S
from emu.isa.second_table import dispatchable_unit, fetch_word
from emu.isa.tracing import trace_branch
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl, Psw
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode
_HOME: Final = AddressSpaceControl.HOME

_TRAP_WORD: Final = 44
"""Offset in the dispatchable-unit control table."""
_TRAP_ENABLED: Final = bit(31, 32)
_BLOCK_ADDRESS: Final = bits(1, 28, 32)
_SAVE_AREA_WORD: Final = 12
"""Offset in the trap control block; so is the next."""
_PROGRAM_WORD: Final = 20
_SAVE_AREA_ADDRESS: Final = bits(1, 28, 32)
_PROGRAM_ADDRESS: Final = bits(1, 31, 32)
_LONG_PSW: Final = bit(13, 32)
"""In the first word of the block: the PSW is saved in its sixteen-byte form."""
_LONG_REGISTERS: Final = bit(14, 32)
"""The same: all 64 bits of the general registers are saved."""
_WAS_EXECUTED: Final = bit(0, 32)
"""In the first word of the save area: TRAP was the target of an EXECUTE."""
_IS_TRAP4: Final = bit(1, 32)


@instruction(0x01FF, "TRAP2", E, "TRAP")
def trap2(cpu: Cpu, operands: Operands) -> None:
    """TRAP without an operand.

    :raises ProgramInterruption: see :func:`_trap`.
    """
    _trap(cpu, 0, 0)


@instruction(0xB2FF, "TRAP4", S, "TRAP")
def trap4(cpu: Cpu, operands: Operands) -> None:
    """TRAP with an operand address, of which bits 33-63 are saved.

    :raises ProgramInterruption: see :func:`_trap`.
    """
    _trap(cpu, _IS_TRAP4, cpu.effective_address(operands.b2, operands.d2))


def _trap(cpu: Cpu, flags: int, operand_address: int) -> None:
    """Save PSW, registers and what the instruction was, and branch, in the 31-bit mode and the primary space.

    :raises ProgramInterruption: special operation with DAT off, out of the primary and access-register modes, if the
        dispatchable unit may not trap, and for a short PSW in the 64-bit mode; addressing; access exceptions for the
        block and the save area; the trace exceptions.
    """
    require_dat(cpu)
    if cpu.space not in (AddressSpaceControl.PRIMARY, AddressSpaceControl.ACCESS_REGISTER):
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    word = fetch_word(cpu, dispatchable_unit(cpu) + _TRAP_WORD)
    if not word & _TRAP_ENABLED:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    block = word & _BLOCK_ADDRESS
    controls, save_area, program = (
        access.load_integer(cpu, block + offset, 4, space=_HOME) for offset in (0, _SAVE_AREA_WORD, _PROGRAM_WORD)
    )
    save_area &= _SAVE_AREA_ADDRESS
    program &= _PROGRAM_ADDRESS
    if cpu.is_64_bit and not controls & _LONG_PSW:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    saved = _saved(cpu, controls, flags, operand_address)
    access.probe(cpu, save_area, len(saved), Access.STORE, space=_HOME)
    trace_branch(cpu, psw_bits.BASIC_ADDRESSING, program)
    access.store(cpu, save_area, saved, space=_HOME)
    cpu.set_address_register(15, block)
    mask = cpu.psw.mask & ~(psw_bits.ADDRESSING_MODE | psw_bits.ADDRESS_SPACE_CONTROL)
    cpu.note_breaking_event()
    cpu.load_psw(Psw(mask | psw_bits.BASIC_ADDRESSING, program))


def _saved(cpu: Cpu, controls: int, flags: int, operand_address: int) -> bytes:
    """What goes into the trap save area."""
    if cpu.relative_base != cpu.instruction_address:
        flags |= _WAS_EXECUTED
    head = flags | cpu.instruction_length << 16, 0, operand_address & psw_bits.ADDRESS_31, cpu.ar[15]
    current = Psw(cpu.psw.mask, cpu.next_address)
    if controls & _LONG_PSW:
        psw = current.to_bytes()
    else:
        word = current.mask & ~psw_bits.ADDRESS_31 | psw_bits.SHORT_FORMAT | current.address
        psw = word.to_bytes(8, "big") + bytes(8)
    if controls & _LONG_REGISTERS:
        registers = b"".join(value.to_bytes(8, "big") for value in cpu.gr)
    else:
        registers = b"".join(cpu.gr32(number).to_bytes(4, "big") for number in range(16))
    return b"".join(value.to_bytes(4, "big") for value in head) + psw + registers
