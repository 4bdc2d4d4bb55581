# SPDX-License-Identifier: GPL-2.0-or-later
"""I/O instructions (PoP chapter 14); what they do to a subchannel is the channel subsystem's.

Each makes the checks that the manual puts before condition code 3, "not operational".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.bits import bit, bits, field
from emu.devices.channel_subsystem import ChannelSubsystem
from emu.isa.authority import require_boundary
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RRE, S
from emu.lowcore import SUBSYSTEM_IDENTIFICATION
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.devices.subchannel import Subchannel

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
_STORE_PATHS: Final = 0x0002
_STORE_CHARACTERISTICS: Final = 0x0010
_RESPONSE_HEADER: Final = 8
_RESPONSE_DONE: Final = 0x0001
_RESPONSE_REQUEST: Final = 0x0003
_RESPONSE_UNKNOWN: Final = 0x0004
_RESPONSE_FORMAT: Final = 0x0007
_PATH_IS_VALID: Final = 0x80
_VIRTUAL_PATH: Final = 0x32

ORB_RESERVED: Final = bits(26, 30, 32)
"""Word 1 of the ORB."""
PATH_MANAGEMENT_RESERVED: Final = bits(0, 1, 32) | bits(6, 7, 32)
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


def _subchannel(cpu: Cpu) -> Subchannel | None:
    """The subchannel in GR1, if it is there."""
    return cpu.configuration.device(ChannelSubsystem).find(field(cpu.gr[1], 48, 63))


def _block_address(cpu: Cpu, operands: Operands, boundary: int = _WORD) -> int:
    """The second-operand address.

    :raises ProgramInterruption: specification if it is not on its boundary.
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, boundary)
    return address


def _subchannel_function(cpu: Cpu, mnemonic: str) -> None:
    """An instruction whose only operand is the subchannel in GR1.

    :raises ProgramInterruption: operand.
    """
    _require_subchannel(cpu)
    subchannel = _subchannel(cpu)
    if subchannel is None:
        cpu.cc = NOT_OPERATIONAL
        return
    functions = {"CSCH": subchannel.clear, "HSCH": subchannel.halt, "RSCH": subchannel.resume}
    cpu.cc = functions.get(mnemonic, subchannel.cancel)()
    cpu.configuration.device(ChannelSubsystem).request_work()


@instruction(0xB230, "CSCH", S, "CLEAR SUBCHANNEL", privileged=True)
def csch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, "CSCH")


@instruction(0xB231, "HSCH", S, "HALT SUBCHANNEL", privileged=True)
def hsch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, "HSCH")


@instruction(0xB238, "RSCH", S, "RESUME SUBCHANNEL", privileged=True)
def rsch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, "RSCH")


@instruction(0xB276, "XSCH", S, "CANCEL SUBCHANNEL", privileged=True)
def xsch(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_subchannel_function`."""
    _subchannel_function(cpu, "XSCH")


@instruction(0xB232, "MSCH", S, "MODIFY SUBCHANNEL", privileged=True)
def msch(cpu: Cpu, operands: Operands) -> None:
    """Modify what the program may of a subchannel.

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
    subchannel = _subchannel(cpu)
    cpu.cc = NOT_OPERATIONAL if subchannel is None else subchannel.modify(block)


@instruction(0xB233, "SSCH", S, "START SUBCHANNEL", privileged=True)
def ssch(cpu: Cpu, operands: Operands) -> None:
    """Have a channel program begin, before the next instruction.

    :raises ProgramInterruption: specification; operand, for the subchannel or the block; access exceptions (fetch).
    """
    address = _block_address(cpu, operands)
    _require_subchannel(cpu)
    block = access.load(cpu, address, _ORB)
    if int.from_bytes(block[4:8], "big") & ORB_RESERVED or int.from_bytes(block[8:12], "big") & bit(0, 32):
        raise _operand()
    subchannel = _subchannel(cpu)
    cpu.cc = NOT_OPERATIONAL if subchannel is None else subchannel.start(block)
    cpu.configuration.device(ChannelSubsystem).request_work()


@instruction(0xB234, "STSCH", S, "STORE SUBCHANNEL", privileged=True)
def stsch(cpu: Cpu, operands: Operands) -> None:
    """Store the subchannel-information block.

    :raises ProgramInterruption: specification; operand; access exceptions (store).
    """
    address = _block_address(cpu, operands)
    _require_subchannel(cpu)
    access.probe(cpu, address, _SCHIB, Access.STORE)
    subchannel = _subchannel(cpu)
    if subchannel is not None:
        access.store(cpu, address, subchannel.information_block())
    cpu.cc = NOT_OPERATIONAL if subchannel is None else 0


@instruction(0xB235, "TSCH", S, "TEST SUBCHANNEL", privileged=True)
def tsch(cpu: Cpu, operands: Operands) -> None:
    """Store the interruption-response block: condition code 0 if status was pending, which it is no longer, 1 if not.

    :raises ProgramInterruption: specification; operand; access exceptions (store).
    """
    address = _block_address(cpu, operands)
    _require_subchannel(cpu)
    access.probe(cpu, address, _IRB, Access.STORE)
    subchannel = _subchannel(cpu)
    if subchannel is None or not subchannel.is_enabled:
        cpu.cc = NOT_OPERATIONAL
        return
    access.store(cpu, address, subchannel.status_word().ljust(_IRB, b"\0"))
    cpu.cc = 0 if subchannel.is_status_pending else 1
    subchannel.take_status()


@instruction(0xB236, "TPI", S, "TEST PENDING INTERRUPTION", privileged=True)
def tpi(cpu: Cpu, operands: Operands) -> None:
    """Store the code of a pending I/O interruption for which CR6 is enabled, and take the request away.

    It goes to the second operand, or, if its address is zero, to the assigned locations of an interruption, with the
    identification word.  Condition code 0 without, 1 with an interruption.

    :raises ProgramInterruption: specification; access exceptions (store), if an interruption is pending.
    """
    address = _block_address(cpu, operands)
    channels = cpu.configuration.device(ChannelSubsystem)
    subchannel = channels.pending(cpu.cr[6])
    if subchannel is None:
        cpu.cc = 0
        return
    code = b"".join(word.to_bytes(_WORD, "big") for word in channels.code(subchannel))
    if address:
        access.store(cpu, address, code[: 2 * _WORD])
    else:
        access.store(cpu, SUBSYSTEM_IDENTIFICATION, code, key=0, real=True)
    subchannel.interruption_pending = False
    cpu.cc = 1


@instruction(0xB239, "STCRW", S, "STORE CHANNEL REPORT WORD", privileged=True)
def stcrw(cpu: Cpu, operands: Operands) -> None:
    """Store the next channel report, condition code 0, or zeros, condition code 1.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    address = _block_address(cpu, operands)
    access.probe(cpu, address, _WORD, Access.STORE)
    report = cpu.configuration.device(ChannelSubsystem).next_report()
    access.store(cpu, address, report.to_bytes(_WORD, "big"))
    cpu.cc = 0 if report else 1


@instruction(0xB23A, "STCPS", S, "STORE CHANNEL PATH STATUS", privileged=True)
def stcps(cpu: Cpu, operands: Operands) -> None:
    """Store zeros: no channel path is active.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    access.store(cpu, _block_address(cpu, operands, _PATH_STATUS), bytes(_PATH_STATUS))


@instruction(0xB23B, "RCHP", S, "RESET CHANNEL PATH", privileged=True)
def rchp(cpu: Cpu, operands: Operands) -> None:
    """Reset the channel path in bits 56-63 of GR1; a channel report tells that it is done.

    :raises ProgramInterruption: operand unless bits 32-55 are zero.
    """
    if cpu.gr[1] & CHANNEL_PATH_RESERVED:
        raise _operand()
    cpu.cc = 0 if cpu.configuration.device(ChannelSubsystem).reset_path(cpu.gr[1] & 0xFF) else NOT_OPERATIONAL


@instruction(0xB237, "SAL", S, "SET ADDRESS LIMIT", privileged=True)
def sal(cpu: Cpu, operands: Operands) -> None:
    """Set the limit of what channel programs may reach, of which there are none.

    :raises ProgramInterruption: operand unless GR1 holds a 31-bit address on a 64 KB boundary.
    """
    if cpu.gr[1] & ADDRESS_LIMIT_RESERVED:
        raise _operand()


@instruction(0xB23C, "SCHM", S, "SET CHANNEL MONITOR", privileged=True)
def schm(cpu: Cpu, operands: Operands) -> None:
    """Start or end the update of measurement blocks; device-connect times (GR1 bit 63) are not measured.

    GR1 bits 32-35 are the measurement-block key, and GR2 the measurement-block origin.

    :raises ProgramInterruption: operand for reserved bits of GR1 that are not zero, or, if GR2 is used, for a block in
        it that is not on a 32-byte boundary.
    """
    if cpu.gr[1] & MEASUREMENT_RESERVED or (cpu.gr[1] & MEASUREMENT_UPDATE and cpu.gr[2] % 32):
        raise _operand()
    if cpu.gr[1] & MEASUREMENT_UPDATE:
        cpu.configuration.device(ChannelSubsystem).measure(field(cpu.gr[1], 32, 35), cpu.gr[2])
    else:
        cpu.configuration.device(ChannelSubsystem).end_measurement()


@instruction(0xB274, "SIGA", S, "SIGNAL ADAPTER", privileged=True)
def siga(cpu: Cpu, operands: Operands) -> None:
    """Signal an adapter that is not there (not in the manual; inferred)."""
    cpu.cc = NOT_OPERATIONAL


def _channel_paths(cpu: Cpu, request: bytes) -> tuple[int, bytes]:
    """The response code, and a description of eight bytes for each channel path of the range in *request*."""
    response_format, first, last = request[6] & 0x0F, request[7], request[11]
    if first > last:
        return _RESPONSE_REQUEST, b""
    if response_format:
        return _RESPONSE_FORMAT, b""
    descriptions = []
    for path in range(first, last + 1):
        there = cpu.configuration.device(ChannelSubsystem).has_path(path)
        descriptions.append(bytes((_PATH_IS_VALID if there else 0, 0, _VIRTUAL_PATH if there else 0, path, 0, 0, 0, 0)))
    return _RESPONSE_DONE, b"".join(descriptions)


@instruction(0xB25F, "CHSC", RRE, "CHANNEL SUBSYSTEM CALL", privileged=True)
def chsc(cpu: Cpu, operands: Operands) -> None:
    """Answer a request to the channel subsystem (not in the manual; inferred from its users).

    The requests with an answer are store channel-subsystem characteristics, all of which are zero, and store
    channel-path description; any other is answered with the response code of an unknown request.

    :raises ProgramInterruption: specification unless R1 designates a page; access exceptions (fetch of the request,
        store of the response behind it); operand for a request whose length is impossible.
    """
    address = cpu.address_in(operands.r1)
    require_boundary(address, PAGE_SIZE)
    header = access.load(cpu, address, 4)
    length, request = int.from_bytes(header[:2], "big"), int.from_bytes(header[2:], "big")
    if not _CHSC_HEADER <= length <= _CHSC_LONGEST or length % 8:
        raise _operand()
    content = b""
    if request == _STORE_CHARACTERISTICS:
        size, code = PAGE_SIZE - length, _RESPONSE_DONE
    elif request == _STORE_PATHS:
        code, content = _channel_paths(cpu, access.load(cpu, address, _CHSC_HEADER))
        size = _RESPONSE_HEADER + len(content)
    else:
        size, code = _RESPONSE_HEADER, _RESPONSE_UNKNOWN
    response = size.to_bytes(2, "big") + code.to_bytes(2, "big") + bytes(4) + content
    access.store(cpu, address + length, response.ljust(size, b"\0"))
    cpu.cc = 0
