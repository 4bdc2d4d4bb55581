# SPDX-License-Identifier: GPL-2.0-or-later
"""I/O instructions (PoP chapter 14) of a machine without a channel subsystem to speak of: no subchannel is operational.

Each makes the checks that the manual puts before condition code 3, "not operational".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.bits import bit, bits, field
from emu.isa.authority import require_boundary
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE, S
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

NOT_OPERATIONAL: Final = 3

_WORD: Final = 4
_ORB: Final = 32
"""Bytes of the operation-request block."""
_SCHIB: Final = 52
"""Bytes of the subchannel-information block."""
_IRB: Final = 64
"""Bytes of the interruption-response block without extended measurement."""
_PATH_STATUS: Final = 32
_CHSC_HEADER: Final = 16
_CHSC_LONGEST: Final = 4088
_STORE_CHARACTERISTICS: Final = 0x0010
_RESPONSE_HEADER: Final = 8
_RESPONSE_DONE: Final = 0x0001
_RESPONSE_UNKNOWN: Final = 0x0004

ORB_RESERVED: Final = bits(26, 30, 32)
"""Word 1 of the ORB."""
PATH_MANAGEMENT_RESERVED: Final = bits(5, 7, 32)
"""Word 1 of the path-management-control word."""
PATH_MANAGEMENT_LIMIT: Final = bits(9, 10, 32)
"""Word 1 of the path-management-control word: the limit mode, of which 3 is reserved."""
PATH_MANAGEMENT_RESERVED_6: Final = bits(0, 7, 32) | bits(11, 28, 32)
"""Word 6 of the path-management-control word."""
CHANNEL_PATH_RESERVED: Final = bits(32, 55)
ADDRESS_LIMIT_RESERVED: Final = bit(32) | bits(48, 63)
MEASUREMENT_RESERVED: Final = bits(36, 61)
MEASUREMENT_UPDATE: Final = bit(62)


def _operand() -> ProgramInterruption:
    return ProgramInterruption(_Code.OPERAND)


def _require_subchannel(cpu: Cpu) -> None:
    """Recognise the operand exception unless bits 32-47 of GR1, of the subsystem-identification word, are 0001 hex."""
    if field(cpu.gr[1], 32, 47) != 1:
        raise _operand()


def _block_address(cpu: Cpu, operands: Operands, boundary: int = _WORD) -> int:
    """The second-operand address.

    :raises ProgramInterruption: specification if it is not on its boundary.
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, boundary)
    return address


def _subchannel_function(cpu: Cpu, operands: Operands) -> None:
    """An instruction whose only operand is the subchannel in GR1.

    :raises ProgramInterruption: operand.
    """
    _require_subchannel(cpu)
    cpu.cc = NOT_OPERATIONAL


@instruction(0xB230, "CSCH", S, "CLEAR SUBCHANNEL", privileged=True)
def csch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, operands)


@instruction(0xB231, "HSCH", S, "HALT SUBCHANNEL", privileged=True)
def hsch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, operands)


@instruction(0xB238, "RSCH", S, "RESUME SUBCHANNEL", privileged=True)
def rsch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, operands)


@instruction(0xB276, "XSCH", S, "CANCEL SUBCHANNEL", privileged=True)
def xsch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, operands)


@instruction(0xB232, "MSCH", S, "MODIFY SUBCHANNEL", privileged=True)
def msch(cpu: Cpu, operands: Operands) -> None:
    """Fetch a subchannel-information block for a subchannel that is not there.

    :raises ProgramInterruption: specification; operand, for the subchannel or the block; access exceptions (fetch).
    """
    address = _block_address(cpu, operands)
    _require_subchannel(cpu)
    block = access.load(cpu, address, _SCHIB)
    flags = int.from_bytes(block[4:8], "big")
    if (
        flags & PATH_MANAGEMENT_RESERVED
        or flags & PATH_MANAGEMENT_LIMIT == PATH_MANAGEMENT_LIMIT
        or int.from_bytes(block[24:28], "big") & PATH_MANAGEMENT_RESERVED_6
    ):
        raise _operand()
    cpu.cc = NOT_OPERATIONAL


@instruction(0xB233, "SSCH", S, "START SUBCHANNEL", privileged=True)
def ssch(cpu: Cpu, operands: Operands) -> None:
    """Fetch an operation-request block for a subchannel that is not there.

    :raises ProgramInterruption: specification; operand, for the subchannel or the block; access exceptions (fetch).
    """
    address = _block_address(cpu, operands)
    _require_subchannel(cpu)
    block = access.load(cpu, address, _ORB)
    if int.from_bytes(block[4:8], "big") & ORB_RESERVED or int.from_bytes(block[8:12], "big") & bit(0, 32):
        raise _operand()
    cpu.cc = NOT_OPERATIONAL


@instruction(0xB234, "STSCH", S, "STORE SUBCHANNEL", privileged=True)
def stsch(cpu: Cpu, operands: Operands) -> None:
    """Store nothing, for there is no subchannel, but where something could be stored.

    :raises ProgramInterruption: specification; operand; access exceptions (store).
    """
    address = _block_address(cpu, operands)
    _require_subchannel(cpu)
    access.probe(cpu, address, _SCHIB, Access.STORE)
    cpu.cc = NOT_OPERATIONAL


@instruction(0xB235, "TSCH", S, "TEST SUBCHANNEL", privileged=True)
def tsch(cpu: Cpu, operands: Operands) -> None:
    """Store nothing, for there is no subchannel, but where something could be stored.

    :raises ProgramInterruption: specification; operand; access exceptions (store).
    """
    address = _block_address(cpu, operands)
    _require_subchannel(cpu)
    access.probe(cpu, address, _IRB, Access.STORE)
    cpu.cc = NOT_OPERATIONAL


@instruction(0xB236, "TPI", S, "TEST PENDING INTERRUPTION", privileged=True)
def tpi(cpu: Cpu, operands: Operands) -> None:
    """No I/O interruption is ever pending: condition code 0, and nothing stored.

    :raises ProgramInterruption: specification.
    """
    _block_address(cpu, operands)
    cpu.cc = 0


@instruction(0xB239, "STCRW", S, "STORE CHANNEL REPORT WORD", privileged=True)
def stcrw(cpu: Cpu, operands: Operands) -> None:
    """No channel report is ever pending: zeros are stored, condition code 1.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    access.store(cpu, _block_address(cpu, operands), bytes(_WORD))
    cpu.cc = 1


@instruction(0xB23A, "STCPS", S, "STORE CHANNEL PATH STATUS", privileged=True)
def stcps(cpu: Cpu, operands: Operands) -> None:
    """Store zeros: no channel path is active.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    access.store(cpu, _block_address(cpu, operands, _PATH_STATUS), bytes(_PATH_STATUS))


@instruction(0xB23B, "RCHP", S, "RESET CHANNEL PATH", privileged=True)
def rchp(cpu: Cpu, operands: Operands) -> None:
    """Reset the channel path in bits 56-63 of GR1, which is not there.

    :raises ProgramInterruption: operand unless bits 32-55 are zero.
    """
    if cpu.gr[1] & CHANNEL_PATH_RESERVED:
        raise _operand()
    cpu.cc = NOT_OPERATIONAL


@instruction(0xB237, "SAL", S, "SET ADDRESS LIMIT", privileged=True)
def sal(cpu: Cpu, operands: Operands) -> None:
    """Set the limit of what channel programs may reach, of which there are none.

    :raises ProgramInterruption: operand unless GR1 holds a 31-bit address on a 64 KB boundary.
    """
    if cpu.gr[1] & ADDRESS_LIMIT_RESERVED:
        raise _operand()


@instruction(0xB23C, "SCHM", S, "SET CHANNEL MONITOR", privileged=True)
def schm(cpu: Cpu, operands: Operands) -> None:
    """Start or end measurements, of which there are none.

    :raises ProgramInterruption: operand for reserved bits of GR1 that are not zero, or, if GR2 is used, for a block in
        it that is not on a 32-byte boundary.
    """
    if cpu.gr[1] & MEASUREMENT_RESERVED or (cpu.gr[1] & MEASUREMENT_UPDATE and cpu.gr[2] % 32):
        raise _operand()


@instruction(0xB274, "SIGA", S, "SIGNAL ADAPTER", privileged=True)
def siga(cpu: Cpu, operands: Operands) -> None:
    """Signal an adapter that is not there (not in the manual; inferred)."""
    cpu.cc = NOT_OPERATIONAL


@instruction(0xB25F, "CHSC", RRE, "CHANNEL SUBSYSTEM CALL", privileged=True)
def chsc(cpu: Cpu, operands: Operands) -> None:
    """Answer a request to the channel subsystem (not in the manual; inferred from its users).

    The one request with an answer is store channel-subsystem characteristics, and all characteristics are zero; any
    other is answered with the response code of an unknown request.

    :raises ProgramInterruption: specification unless R1 designates a page; access exceptions (fetch of the request,
        store of the response behind it); operand for a request whose length is impossible.
    """
    address = cpu.address_in(operands.r1)
    require_boundary(address, PAGE_SIZE)
    header = access.load(cpu, address, 4)
    length, request = int.from_bytes(header[:2], "big"), int.from_bytes(header[2:], "big")
    if not _CHSC_HEADER <= length <= _CHSC_LONGEST or length % 8:
        raise _operand()
    if request == _STORE_CHARACTERISTICS:
        size, code = PAGE_SIZE - length, _RESPONSE_DONE
    else:
        size, code = _RESPONSE_HEADER, _RESPONSE_UNKNOWN
    response = size.to_bytes(2, "big") + code.to_bytes(2, "big")
    access.store(cpu, address + length, response.ljust(size, b"\0"))
    cpu.cc = 0
