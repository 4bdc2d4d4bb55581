# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions on the PSW (PoP chapter 10), and those that raise an event by it: MONITOR CALL and TRACE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu import psw as psw_bits
from emu.bits import MASK_32, bit, field, insert
from emu.control_registers import CR0_SECONDARY_SPACE, CR0_SSM_SUPPRESSION
from emu.dat import SPACE_SWITCH_EVENT
from emu.isa.authority import (
    require_boundary,
    require_dat,
    require_extraction_authority,
    require_psw_key,
    require_zero_key,
)
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, RS_A, RSY_A, S_8, SI, S
from emu.isa.tracing import EXPLICIT_TRACE, make_entry, require_entry
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import AddressSpaceControl, Psw

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_SPACES: Final = (
    AddressSpaceControl.PRIMARY,
    AddressSpaceControl.SECONDARY,
    AddressSpaceControl.ACCESS_REGISTER,
    AddressSpaceControl.HOME,
)
"""The spaces by the code that SAC takes and IAC gives: PSW bits 16 and 17 in reversed order."""
_CODES: Final = {space: code for code, space in enumerate(_SPACES)}
_SPACE_SWITCH_CONTROL: Final = bit(32)
"""TEID of a space-switch event: the space-switch-event control of the space that is left."""
_TRACE_INHIBITED: Final = bit(0, 32)
"""In the operand word of TRACE: make no entry."""


@instruction(0x82, "LPSW", S_8, "LOAD PSW", privileged=True)
def lpsw(cpu: Cpu, operands: Operands) -> None:
    """Load the PSW from its eight-byte form.

    :raises ProgramInterruption: specification off a doubleword boundary, or if bit 12 of the operand is zero; access.
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    word = access.load_integer(cpu, address, 8)
    if not word & psw_bits.SHORT_FORMAT:
        raise ProgramInterruption(_Code.SPECIFICATION)
    new = Psw.from_short(word)
    require_zero_key(cpu, new.key)
    cpu.note_breaking_event()
    cpu.load_psw(new)


@instruction(0xB2B2, "LPSWE", S, "LOAD PSW EXTENDED", privileged=True)
def lpswe(cpu: Cpu, operands: Operands) -> None:
    """Load the PSW from sixteen bytes; whether it is valid is found out afterwards."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    new = Psw.from_bytes(access.load(cpu, address, 16))
    require_zero_key(cpu, new.key)
    cpu.note_breaking_event()
    cpu.load_psw(new)


@instruction(0x80, "SSM", S_8, "SET SYSTEM MASK", privileged=True)
def ssm(cpu: Cpu, operands: Operands) -> None:
    """Replace PSW bits 0-7; special operation if SSM suppression (CR0 bit 33) is on."""
    if cpu.cr[0] & CR0_SSM_SUPPRESSION:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    mask = access.load_integer(cpu, cpu.effective_address(operands.b2, operands.d2), 1)
    cpu.change_system_mask(mask)


@instruction(0xAC, "STNSM", SI, "STORE THEN AND SYSTEM MASK", privileged=True)
def stnsm(cpu: Cpu, operands: Operands) -> None:
    """Store PSW bits 0-7 and AND the immediate into them."""
    mask = cpu.system_mask >> 56
    access.store_integer(cpu, cpu.effective_address(operands.b1, operands.d1), 1, mask)
    cpu.change_system_mask(mask & operands.i2)


@instruction(0xAD, "STOSM", SI, "STORE THEN OR SYSTEM MASK", privileged=True)
def stosm(cpu: Cpu, operands: Operands) -> None:
    """Store PSW bits 0-7 and OR the immediate into them."""
    mask = cpu.system_mask >> 56
    access.store_integer(cpu, cpu.effective_address(operands.b1, operands.d1), 1, mask)
    cpu.change_system_mask(mask | operands.i2)


@instruction(0xB20A, "SPKA", S, "SET PSW KEY FROM ADDRESS")
def spka(cpu: Cpu, operands: Operands) -> None:
    """Make bits 56-59 of the second-operand address the access key."""
    key = field(cpu.effective_address(operands.b2, operands.d2), 56, 59)
    require_psw_key(cpu, key)
    require_zero_key(cpu, key)
    cpu.change_psw_mask(insert(cpu.psw.mask, 8, 11, key))


@instruction(0xB20B, "IPK", S, "INSERT PSW KEY")
def ipk(cpu: Cpu, operands: Operands) -> None:
    """Put the access key in bits 56-59 of general register 2, and zeros in bits 60-63."""
    require_extraction_authority(cpu)
    cpu.gr[2] = insert(cpu.gr[2], 56, 63, cpu.key << 4)


@instruction(0xB98D, "EPSW", RRE, "EXTRACT PSW", reason=Reason.SENSITIVE)
def epsw(cpu: Cpu, operands: Operands) -> None:
    """Put PSW bits 0-31 in R1, and bits 32-63 in R2 unless that is register 0.

    The engine would show its own problem-state bit.
    """
    mask = cpu.psw.mask
    cpu.set_gr32(operands.r1, mask >> 32)
    if operands.r2:
        cpu.set_gr32(operands.r2, mask & MASK_32)


@instruction(0xB224, "IAC", RRE, "INSERT ADDRESS SPACE CONTROL")
def iac(cpu: Cpu, operands: Operands) -> None:
    """Put the code of the current space in bits 48-55 of R1, and in the condition code."""
    require_dat(cpu)
    require_extraction_authority(cpu)
    code = _CODES[cpu.space]
    cpu.gr[operands.r1] = insert(cpu.gr[operands.r1], 48, 55, code)
    cpu.cc = code


@instruction(0xB219, "SAC", S, "SET ADDRESS SPACE CONTROL")
def sac(cpu: Cpu, operands: Operands) -> None:
    """Select the space whose code is in bits 52-55 of the second-operand address.

    :raises ProgramInterruption: special operation with DAT off or the secondary-space control (CR0 bit 37) zero;
        specification for a code above 3; privileged operation for the home space in the problem state; a space-switch
        event, with completion, on the way to or from the home space if a space asks for it.  Its TEID names the space
        that is left: the primary ASN, or zero for the home space, with the space-switch-event control in bit 32.
    """
    _set_address_space_control(cpu, operands)


@instruction(0xB279, "SACF", S, "SET ADDRESS SPACE CONTROL FAST")
def sacf(cpu: Cpu, operands: Operands) -> None:
    """As :func:`sac`, without the serialisation that this machine has anyway."""
    _set_address_space_control(cpu, operands)


def _set_address_space_control(cpu: Cpu, operands: Operands) -> None:
    require_dat(cpu)
    if not cpu.cr[0] & CR0_SECONDARY_SPACE:
        raise ProgramInterruption(_Code.SPECIAL_OPERATION)
    code = field(cpu.effective_address(operands.b2, operands.d2), 52, 55)
    if code >= len(_SPACES):
        raise ProgramInterruption(_Code.SPECIFICATION)
    new, old = _SPACES[code], cpu.space
    if new is AddressSpaceControl.HOME and cpu.problem_state:
        raise ProgramInterruption(_Code.PRIVILEGED_OPERATION)
    cpu.change_psw_mask(insert(cpu.psw.mask, 16, 17, new))
    signal_space_switch(cpu, old)


def signal_space_switch(cpu: Cpu, old: AddressSpaceControl) -> None:
    """Recognise a space-switch event, if one is asked for, after an instruction has left the space *old*.

    One of the spaces asks for it, or a PER event of the instruction does.

    :raises ProgramInterruption: the event, with completion.
    """
    new = cpu.space
    crosses_home = (new is AddressSpaceControl.HOME) != (old is AddressSpaceControl.HOME)
    has_program_event = cpu.recording is not None and cpu.recording.event(cpu.next_address) is not None
    if crosses_home and ((cpu.cr[1] | cpu.cr[13]) & SPACE_SWITCH_EVENT or has_program_event):
        left = cpu.cr[1] if new is AddressSpaceControl.HOME else cpu.cr[13]
        number = field(cpu.cr[4], 48, 63) if new is AddressSpaceControl.HOME else 0
        raise ProgramInterruption(
            _Code.SPACE_SWITCH_EVENT,
            translation_exception=number | (_SPACE_SWITCH_CONTROL if left & SPACE_SWITCH_EVENT else 0),
        )


@instruction(0xB280, "LPP", S, "LOAD PROGRAM PARAMETER", privileged=True)
def lpp(cpu: Cpu, operands: Operands) -> None:
    """Load the program parameter, which only a sampling facility would show."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    cpu.program_parameter = access.load_integer(cpu, address, 8)


@instruction(0xAF, "MC", SI, "MONITOR CALL")
def mc(cpu: Cpu, operands: Operands) -> None:
    """Raise a monitor event if the class in bits 4-7 of the immediate is enabled in CR8 bits 48-63.

    :raises ProgramInterruption: specification for a class above 15; the monitor event, with completion.
    """
    if operands.i2 > 15:
        raise ProgramInterruption(_Code.SPECIFICATION)
    if cpu.cr[8] & bit(48 + operands.i2):
        raise ProgramInterruption(
            _Code.MONITOR_EVENT,
            monitor_class=operands.i2,
            monitor_code=cpu.effective_address(operands.b1, operands.d1),
        )


@instruction(0x99, "TRACE", RS_A, "TRACE", privileged=True)
def trace(cpu: Cpu, operands: Operands) -> None:
    """Make a trace entry of registers R1 to R3, 32 bits each (PoP chapter 4, "Tracing").

    Room is asked for as if all registers were traced (PoP 6, "Trace-Table Exception").

    :raises ProgramInterruption: specification off a word boundary; access; the trace exceptions.
    """
    word = _trace_operand(cpu, operands)
    if word is not None:
        require_entry(cpu, 12 + 16 * 4)
        registers = operands.register_range
        head = bytes((0x70 | len(registers) - 1, 0)) + cpu.configuration.timing.tod.to_bytes(8, "big")[2:]
        values = b"".join(cpu.gr32(register).to_bytes(4, "big") for register in registers)
        make_entry(cpu, head + word.to_bytes(4, "big") + values)


@instruction(0xEB0F, "TRACG", RSY_A, "TRACE", privileged=True)
def tracg(cpu: Cpu, operands: Operands) -> None:
    """As :func:`trace`, with 64 bits of each register and bits 0-79 of the TOD clock."""
    word = _trace_operand(cpu, operands)
    if word is not None:
        require_entry(cpu, 16 + 16 * 8)
        registers = operands.register_range
        head = bytes((0x70 | len(registers) - 1, 0x80)) + cpu.configuration.timing.tod.to_bytes(8, "big") + bytes(2)
        values = b"".join(cpu.gr[register].to_bytes(8, "big") for register in registers)
        make_entry(cpu, head + word.to_bytes(4, "big") + values)


def _trace_operand(cpu: Cpu, operands: Operands) -> int | None:
    """The operand word if an entry is to be made, else None."""
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 4)
    word = access.load_integer(cpu, address, 4)
    if not cpu.cr[12] & EXPLICIT_TRACE or word & _TRACE_INHIBITED:
        return None
    return word
