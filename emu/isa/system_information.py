# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine says it is: PTF, STFL, STFLE, STIDP and STSI (PoP chapter 10)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from emu import access
from emu.addresses import PAGE_SIZE
from emu.bits import bits, field, insert
from emu.facilities import Facility, facility_doublewords
from emu.identification import EBCDIC, SystemIdentification, max_cpus
from emu.isa.authority import require_boundary
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, S
from emu.isa.topology_list import topology_list, topology_magnitudes
from emu.lowcore import STFL_FACILITIES
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

# Facilities


@instruction(0xB2B1, "STFL", S, "STORE FACILITY LIST", privileged=True)
def stfl(cpu: Cpu, operands: Operands) -> None:
    """Store the first 32 bits of the facility list at real location 200; no protection applies there."""
    first = facility_doublewords(cpu.configuration.facilities)[0] >> 32
    access.announce_store(cpu, STFL_FACILITIES, 4, real=True)
    cpu.configuration.storage.write(cpu.real_to_absolute(STFL_FACILITIES), first.to_bytes(4, "big"))


@instruction(0xB2B0, "STFLE", S, "STORE FACILITY LIST EXTENDED", reason=Reason.SENSITIVE)
def stfle(cpu: Cpu, operands: Operands) -> None:
    """Store as many doublewords of the facility list as bits 56-63 of general register 0 say, plus one.

    No more are stored than there are; their number less one is put in those bits.  Condition code 0: all were stored;
    3: there are more.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    facilities = facility_doublewords(cpu.configuration.facilities)
    wanted = field(cpu.gr[0], 56, 63) + 1
    access.store(cpu, address, b"".join(each.to_bytes(8, "big") for each in facilities[:wanted]))
    cpu.gr[0] = insert(cpu.gr[0], 56, 63, len(facilities) - 1)
    cpu.cc = 0 if wanted >= len(facilities) else 3


# Identification


@instruction(0xB202, "STIDP", S, "STORE CPU ID", privileged=True)
def stidp(cpu: Cpu, operands: Operands) -> None:
    """Store the CPU identification doubleword: version FF (a guest), identification number, machine type, zeros.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, 8)
    identification = cpu.configuration.identification
    number = identification.cpu_identification & 0xFF_FFFF
    value = 0xFF << 56 | number << 32 | int(identification.machine_type, 16) << 16
    access.store_integer(cpu, address, 8, value)


STSI_RESERVED_0: Final = bits(36, 55)
STSI_RESERVED_1: Final = bits(32, 47)
CURRENT_LEVEL: Final = 3
"""The configuration level: a virtual machine."""
TOPOLOGY_FUNCTION: Final = 15
_TOPOLOGY_LIST: Final = 16
"""Where it begins in the block."""
_CAPABILITY: Final = 0x0000_0400
"""The CPU capability, a number without a unit; smaller is faster."""
_UTF_8: Final = 2
"""Encoding of extended names in SYSIB 3.2.2."""


class _Block:
    """A system-information block (SYSIB) in the making."""

    def __init__(self) -> None:
        self.bytes = bytearray(PAGE_SIZE)

    def text(self, offset: int, length: int, text: str) -> None:
        """EBCDIC text, padded with blanks; what EBCDIC lacks becomes a substitute character."""
        self.data(offset, text.encode(EBCDIC, errors="replace")[:length].ljust(length, b"\x40"))

    def number(self, offset: int, length: int, value: int) -> None:
        self.data(offset, value.to_bytes(length, "big"))

    def data(self, offset: int, data: bytes) -> None:
        self.bytes[offset : offset + len(data)] = data


def _identification(cpu: Cpu) -> SystemIdentification:
    return cpu.configuration.identification


def _cpu_counts(cpu: Cpu, block: _Block, offset: int) -> None:
    """Total, configured, standby and reserved CPUs, a halfword each."""
    configured = len(cpu.configuration.cpus)
    total = max_cpus(_identification(cpu), configured)
    for index, count in enumerate((total, configured, 0, total - configured)):
        block.number(offset + 2 * index, 2, count)


def _basic_machine(cpu: Cpu) -> _Block:
    """SYSIB 1.1.1."""
    block, identification = _Block(), _identification(cpu)
    block.text(32, 16, identification.manufacturer)
    block.text(48, 4, identification.machine_type)
    block.text(64, 16, identification.model)
    block.text(80, 16, identification.sequence)
    block.text(96, 4, identification.plant)
    block.text(100, 16, identification.model)
    return block


def _basic_machine_cpu(cpu: Cpu) -> _Block:
    """SYSIB 1.2.1."""
    block, identification = _Block(), _identification(cpu)
    block.text(80, 16, identification.sequence)
    block.text(96, 4, identification.plant)
    block.number(102, 2, cpu.address)
    return block


def _basic_machine_cpus(cpu: Cpu) -> _Block:
    """SYSIB 1.2.2, with no adjustment for the number of CPUs."""
    block = _Block()
    block.number(32, 4, _CAPABILITY)
    _cpu_counts(cpu, block, 36)
    return block


def _partition_cpu(cpu: Cpu) -> _Block:
    """SYSIB 2.2.1."""
    block = _basic_machine_cpu(cpu)
    block.number(100, 2, cpu.address)
    return block


def _partition_cpus(cpu: Cpu) -> _Block:
    """SYSIB 2.2.2: the partition with number 1 and shared CPUs."""
    block, identification = _Block(), _identification(cpu)
    block.number(32, 2, 1)
    _cpu_counts(cpu, block, 36)
    block.text(44, 8, identification.partition)
    block.number(52, 4, 1000)
    block.number(74, 2, len(cpu.configuration.cpus))
    return block


def _virtual_machine(cpu: Cpu) -> _Block:
    """SYSIB 3.2.2: one level of virtual machines, this one."""
    block, identification = _Block(), _identification(cpu)
    block.number(31, 1, 1)
    _cpu_counts(cpu, block, 36)
    block.text(44, 8, identification.name)
    block.number(52, 4, 1000)
    block.text(56, 16, identification.control_program)
    block.number(75, 1, _UTF_8)
    block.data(80, identification.uuid.bytes)
    block.data(2048, identification.name.encode()[:255])
    return block


def _topology(cpu: Cpu, level: int) -> _Block:
    """SYSIB 15.1.2 to 15.1.6; *level* is the number of nested levels that it tells."""
    block, configuration = _Block(), cpu.configuration
    entries = topology_list(configuration, level)
    magnitudes = topology_magnitudes(configuration, level)
    # Bytes 4 to 9 are for levels 6 to 1.
    for number, magnitude in enumerate(magnitudes, 1):
        block.number(10 - number, 1, min(magnitude, 0xFF))
    block.number(11, 1, level)
    block.data(_TOPOLOGY_LIST, entries)
    block.number(2, 2, _TOPOLOGY_LIST + len(entries))
    configuration.topology.change_pending = False
    return block


_BLOCKS: Final[dict[tuple[int, int, int], Callable[[Cpu], _Block]]] = {
    (1, 1, 1): _basic_machine,
    (1, 2, 1): _basic_machine_cpu,
    (1, 2, 2): _basic_machine_cpus,
    (2, 2, 1): _partition_cpu,
    (2, 2, 2): _partition_cpus,
    (3, 2, 2): _virtual_machine,
}


def _block(cpu: Cpu, function: int, first: int, second: int) -> Callable[[Cpu], _Block] | None:
    """What builds the block that these selectors select; None if there is no such information."""
    if (function, first) == (TOPOLOGY_FUNCTION, 1):
        is_told = 2 <= second <= _identification(cpu).shape.nesting
        return partial(_topology, level=second) if is_told else None
    return _BLOCKS.get((function, first, second))


@instruction(0xB27D, "STSI", S, "STORE SYSTEM INFORMATION", privileged=True)
def stsi(cpu: Cpu, operands: Operands) -> None:
    """Store the system-information block that general registers 0 and 1 select, or say the configuration level.

    Bits 32-35 of GR0 are the function code, bits 56-63 selector 1, bits 48-63 of GR1 selector 2.  Function code 0 puts
    the level in bits 32-35 of GR0.  Condition code 0: done; 3: there is no such information, which for a function code
    that is not provided comes before all else.

    :raises ProgramInterruption: specification for reserved bits that are not zero, and for an operand not on a 4 KB
        boundary; access exceptions (store).
    """
    function = field(cpu.gr[0], 32, 35)
    has_topology = Facility.CONFIGURATION_TOPOLOGY in cpu.configuration.facilities
    if function > CURRENT_LEVEL and not (function == TOPOLOGY_FUNCTION and has_topology):
        cpu.cc = 3
        return
    if cpu.gr[0] & STSI_RESERVED_0 or cpu.gr[1] & STSI_RESERVED_1:
        raise ProgramInterruption(_Code.SPECIFICATION)
    if function == 0:
        cpu.gr[0] = insert(cpu.gr[0], 32, 35, CURRENT_LEVEL)
        cpu.cc = 0
        return
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, PAGE_SIZE)
    build = _block(cpu, function, field(cpu.gr[0], 56, 63), field(cpu.gr[1], 48, 63))
    if build is None:
        cpu.cc = 3
        return
    access.probe(cpu, address, PAGE_SIZE, Access.STORE)
    access.store(cpu, address, bytes(build(cpu).bytes))
    cpu.cc = 0


# Topology

PTF_RESERVED: Final = bits(0, 55)
PTF_HORIZONTAL: Final = 0
PTF_VERTICAL: Final = 1
PTF_CHECK: Final = 2
PTF_ALREADY_POLARIZED: Final = 1
"""Reason code in bits 48-55 of R1."""


@instruction(0xB9A2, "PTF", RRE, "PERFORM TOPOLOGY FUNCTION", privileged=True)
def ptf(cpu: Cpu, operands: Operands) -> None:
    """Perform the topology function in bits 56-63 of R1.

    Horizontal (0) and vertical (1) polarization: condition code 0, or 2 with the reason in bits 48-55 of R1 if the
    CPUs are polarized that way already.  Check (2): condition code 1 if a change report was pending, which it is no
    longer, else 0.

    :raises ProgramInterruption: specification for another function or a reserved bit that is not zero.
    """
    value = cpu.gr[operands.r1]
    function = field(value, 56, 63)
    if value & PTF_RESERVED or function not in (PTF_HORIZONTAL, PTF_VERTICAL, PTF_CHECK):
        raise ProgramInterruption(_Code.SPECIFICATION)
    topology = cpu.configuration.topology
    if function == PTF_CHECK:
        cpu.cc = 1 if topology.change_pending else 0
        topology.change_pending = False
    elif topology.polarize(vertical=function == PTF_VERTICAL):
        cpu.cc = 0
    else:
        cpu.gr[operands.r1] = insert(value, 48, 55, PTF_ALREADY_POLARIZED)
        cpu.cc = 2
