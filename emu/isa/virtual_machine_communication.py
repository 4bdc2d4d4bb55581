# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE code 0x068: the Virtual Machine Communication Facility, as far as a receiver of special messages needs it.

Sources: VM/SP System Programmer's Guide SC19-6203-2, "Invoking VMCF Subfunctions", "DIAGNOSE X'68' Return Codes" and
"The Special Message Facility"; the layout is z/VM's control block VMCPARM.  Inferred: what kind of exception a wrong
parameter list gives, and that a buffer lies below 2 GB.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from emu import access
from emu import control_registers as control
from emu.addresses import PAGE_SHIFT, PAGE_SIZE, RealAddress
from emu.devices.messages import SpecialMessages
from emu.isa.declaration import Operands
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.storage_keys import store_permitted

if TYPE_CHECKING:
    from emu.cpu import Cpu

PARAMETER_LENGTH: Final = 40
HEADER_LENGTH: Final = 40
"""Bytes of the message header, which any buffer must hold."""
_SPECIAL_MESSAGES: Final = 0x20
"""VMCPSMSG in the flag byte: messages by the command SMSG are accepted."""
_AUTHORIZE: Final = 0
_UNAUTHORIZE: Final = 1


class ReturnCode(IntEnum):
    """Return codes of DIAGNOSE 0x068, as numbered by the manual."""

    DONE = 0
    INVALID_BUFFER = 1
    INVALID_SUBFUNCTION = 2
    NOT_AUTHORIZED = 4
    PROTECTION = 6


def communicate(cpu: Cpu, operands: Operands) -> None:
    """Code 0x068: the subfunction in the parameter list VMCPARM at real address R1; the return code goes to R3.

    AUTHORIZE names the external-interruption buffer, UNAUTHORIZE takes that back; nothing can be sent from here, so
    every other subfunction is an unsupported one.  The options SPECIFIC and PRIORITY concern senders of another kind.

    :raises ProgramInterruption: specification for a list that is not on a doubleword boundary; access exceptions.
    """
    address = cpu.address_in(operands.r1)
    if address % 8:
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    parameters = access.load(cpu, address, PARAMETER_LENGTH, real=True)
    subfunction, buffer, length = (
        int.from_bytes(parameters[offset:end], "big") for offset, end in ((2, 4), (16, 20), (20, 24))
    )
    messages = cpu.configuration.device(SpecialMessages)
    if subfunction == _AUTHORIZE:
        code = _check_buffer(cpu, buffer, length)
        if code is ReturnCode.DONE:
            messages.authorize(buffer, length, special=bool(parameters[0] & _SPECIAL_MESSAGES))
    elif subfunction == _UNAUTHORIZE:
        code = ReturnCode.DONE if messages.unauthorize() else ReturnCode.NOT_AUTHORIZED
    else:
        code = ReturnCode.INVALID_SUBFUNCTION
    cpu.gr[operands.r3] = code


def _check_buffer(cpu: Cpu, address: int, length: int) -> ReturnCode:
    """Whether the real storage at *address* can be the external-interruption buffer; it is not touched."""
    configuration = cpu.configuration
    if address % 8 or address >> 31 or length < HEADER_LENGTH or address + length > configuration.storage.size:
        return ReturnCode.INVALID_BUFFER
    override = bool(cpu.cr[0] & control.CR0_STORAGE_OVERRIDE)
    for part in range(address & -PAGE_SIZE, address + length, PAGE_SIZE):
        page = cpu.real_to_absolute(RealAddress(part)) >> PAGE_SHIFT
        if not store_permitted(configuration.keys.bytes[page], cpu.key, override):
            return ReturnCode.PROTECTION
    return ReturnCode.DONE
