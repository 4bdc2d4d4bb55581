# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions on the TOD clock, the clock comparator and the CPU timer (PoP chapters 7 and 10, "Timing" of chapter 4):
ECTG, PTFF, SCK, SCKC, SCKPF, SPT, STCK, STCKC, STCKE, STCKF and STPT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.bits import MASK_64, bit, bits, field
from emu.isa.authority import require_boundary
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import SSF, E, S
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.timing import INITIAL_TOD, UNITS_PER_MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu

_Code = ProgramInterruptionCode

_DOUBLEWORD: Final = 8

STORE_CLOCK_WORK: Final = UNITS_PER_MICROSECOND
"""Units of work that looking at the clock costs: programs that poll it get on, and no two values are equal."""
CLOCK_SET: Final = 0
"""Condition code of STORE CLOCK for a clock in the set state, the only one that this machine's clock is ever in."""

PROGRAMMABLE_FIELD_RESERVED: Final = bits(32, 47)
"""General register 0 of SCKPF: must be zero."""

PTFF_RESERVED: Final = bit(56)
PTFF_PARAMETER: Final = 1
"""The general register that designates the parameter block of PTFF."""
PTFF_PRIVILEGED: Final = 0x40
"""PTFF function codes from here on change something, and belong to the supervisor state."""


def _doubleword_operand(cpu: Cpu, operands: Operands) -> int:
    """The address of the second operand, which must be on a doubleword boundary.

    :raises ProgramInterruption: specification.
    """
    address = cpu.effective_address(operands.b2, operands.d2)
    require_boundary(address, _DOUBLEWORD)
    return address


def _fetch_doubleword(cpu: Cpu, operands: Operands) -> int:
    return access.load_integer(cpu, _doubleword_operand(cpu, operands), _DOUBLEWORD)


def _store_doubleword(cpu: Cpu, operands: Operands, value: int) -> None:
    access.store_integer(cpu, _doubleword_operand(cpu, operands), _DOUBLEWORD, value)


# The TOD clock


def _store_clock(cpu: Cpu, operands: Operands) -> None:
    """Store bits 0-63 of the TOD clock at the second operand, which has no boundary to keep.

    :raises ProgramInterruption: access exceptions (store).
    """
    timing = cpu.configuration.timing
    access.store_integer(cpu, cpu.effective_address(operands.b2, operands.d2), _DOUBLEWORD, timing.tod)
    timing.work += STORE_CLOCK_WORK
    cpu.cc = CLOCK_SET


@instruction(0xB205, "STCK", S, "STORE CLOCK", reason=Reason.SENSITIVE)
def stck(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_store_clock`."""
    _store_clock(cpu, operands)


@instruction(0xB27C, "STCKF", S, "STORE CLOCK FAST", reason=Reason.SENSITIVE)
def stckf(cpu: Cpu, operands: Operands) -> None:
    """See :func:`_store_clock`; that values may be equal is allowed, and does not happen here."""
    _store_clock(cpu, operands)


@instruction(0xB278, "STCKE", S, "STORE CLOCK EXTENDED", reason=Reason.SENSITIVE)
def stcke(cpu: Cpu, operands: Operands) -> None:
    """Store a byte of zeros, bits 0-103 of the TOD clock and the TOD programmable field in sixteen bytes.

    The clock of this machine has 64 bits; bit 103 is stored as one, since bits 64-103 of a running clock are not zero.

    :raises ProgramInterruption: access exceptions (store).
    """
    timing = cpu.configuration.timing
    clock = timing.tod
    lower = (clock << 56 | 1 << 16 | cpu.tod_programmable) & MASK_64
    access.store_doublewords(cpu, cpu.effective_address(operands.b2, operands.d2), clock >> 8, lower)
    timing.work += STORE_CLOCK_WORK
    cpu.cc = CLOCK_SET


@instruction(0xB204, "SCK", S, "SET CLOCK", privileged=True)
def sck(cpu: Cpu, operands: Operands) -> None:
    """Set the TOD clock, which all CPUs share, to the doubleword at the second operand.

    The clock is in the set state at once even when CR0 bit 34 (TOD-clock-sync control) is one: there is no other
    clock in the configuration to synchronise with, and a clock stopped for ever would serve no one.

    :raises ProgramInterruption: specification; access exceptions (fetch).
    """
    cpu.configuration.timing.tod = _fetch_doubleword(cpu, operands)
    cpu.cc = CLOCK_SET


@instruction(0x0107, "SCKPF", E, "SET CLOCK PROGRAMMABLE FIELD", privileged=True)
def sckpf(cpu: Cpu, operands: Operands) -> None:
    """Set the TOD programmable register from bits 48-63 of general register 0.

    :raises ProgramInterruption: specification unless bits 32-47 are zero.
    """
    if cpu.gr[0] & PROGRAMMABLE_FIELD_RESERVED:
        raise ProgramInterruption(_Code.SPECIFICATION)
    cpu.tod_programmable = field(cpu.gr[0], 48, 63)


# The clock comparator and the CPU timer


@instruction(0xB206, "SCKC", S, "SET CLOCK COMPARATOR", privileged=True)
def sckc(cpu: Cpu, operands: Operands) -> None:
    """Set the clock comparator.

    :raises ProgramInterruption: specification; access exceptions (fetch).
    """
    cpu.clock_comparator = _fetch_doubleword(cpu, operands)


@instruction(0xB207, "STCKC", S, "STORE CLOCK COMPARATOR", privileged=True)
def stckc(cpu: Cpu, operands: Operands) -> None:
    """Store the clock comparator.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    _store_doubleword(cpu, operands, cpu.clock_comparator)


@instruction(0xB208, "SPT", S, "SET CPU TIMER", privileged=True)
def spt(cpu: Cpu, operands: Operands) -> None:
    """Set the CPU timer.

    :raises ProgramInterruption: specification; access exceptions (fetch).
    """
    cpu.configuration.timing.set_cpu_timer(cpu, _fetch_doubleword(cpu, operands))


@instruction(0xB209, "STPT", S, "STORE CPU TIMER", privileged=True)
def stpt(cpu: Cpu, operands: Operands) -> None:
    """Store the CPU timer.

    :raises ProgramInterruption: specification; access exceptions (store).
    """
    _store_doubleword(cpu, operands, cpu.configuration.timing.cpu_timer(cpu))


@instruction(0xC81, "ECTG", SSF, "EXTRACT CPU TIME", reason=Reason.SENSITIVE)
def ectg(cpu: Cpu, operands: Operands) -> None:
    """Put the first operand minus the CPU timer in GR0, the second in GR1, and the doubleword that R3 designates in R3.

    The operands are doublewords on any boundary, and the condition code stays.

    :raises ProgramInterruption: access exceptions (fetch) of the three operands.
    """
    first = access.load_integer(cpu, cpu.effective_address(operands.b1, operands.d1), _DOUBLEWORD)
    second = access.load_integer(cpu, cpu.effective_address(operands.b2, operands.d2), _DOUBLEWORD)
    third = access.load_integer(cpu, cpu.address_in(operands.r3), _DOUBLEWORD)
    cpu.gr[0] = (first - cpu.configuration.timing.cpu_timer(cpu)) & MASK_64
    cpu.gr[1] = second
    cpu.gr[operands.r3] = third


# PERFORM TIMING FACILITY FUNCTION


def _physical_clock(cpu: Cpu) -> int:
    """The clock that counts on whatever SET CLOCK and PTFF do; the TOD clock is it plus the TOD offset."""
    return (INITIAL_TOD + cpu.configuration.timing.steady) & MASK_64


def _offset(cpu: Cpu) -> int:
    return (cpu.configuration.timing.tod - _physical_clock(cpu)) & MASK_64


def _store_parameters(cpu: Cpu, *doublewords: int) -> None:
    access.store_doublewords(cpu, cpu.address_in(PTFF_PARAMETER), *doublewords)


def _query_available_functions(cpu: Cpu) -> None:
    mask = 0
    for code in PTFF_FUNCTIONS:
        mask |= bit(code, 128)
    _store_parameters(cpu, mask >> 64, mask & MASK_64)


def _query_tod_offset(cpu: Cpu) -> None:
    """Store physical clock, TOD offset, logical TOD offset and TOD epoch difference.

    No clock lies below the physical one, so the logical offset is the offset, and the epoch difference zero.
    """
    _store_parameters(cpu, _physical_clock(cpu), _offset(cpu), _offset(cpu), 0)


def _query_steering_information(cpu: Cpu) -> None:
    """Store the physical clock and two episodes, old and new: start, base offset, and fine and gross rates in a word
    each.  The clock is never steered: all zeros."""
    _store_parameters(cpu, _physical_clock(cpu), 0, 0, 0, 0, 0, 0)


def _query_physical_clock(cpu: Cpu) -> None:
    _store_parameters(cpu, _physical_clock(cpu))


def _adjust_tod_offset(cpu: Cpu) -> None:
    adjustment = access.load_integer(cpu, cpu.address_in(PTFF_PARAMETER), _DOUBLEWORD)
    timing = cpu.configuration.timing
    timing.tod = (timing.tod + adjustment) & MASK_64


def _set_tod_offset(cpu: Cpu) -> None:
    offset = access.load_integer(cpu, cpu.address_in(PTFF_PARAMETER), _DOUBLEWORD)
    cpu.configuration.timing.tod = (_physical_clock(cpu) + offset) & MASK_64


PTFF_FUNCTIONS: Final[dict[int, Callable[[Cpu], None]]] = {
    0x00: _query_available_functions,
    0x01: _query_tod_offset,
    0x02: _query_steering_information,
    0x03: _query_physical_clock,
    0x40: _adjust_tod_offset,
    0x41: _set_tod_offset,
}
"""PTFF-QAF, QTO, QSI, QPT, ATO and STO.  Steering (SFS, SGS) and UTC information (QUI) are not provided, and the query
says so."""


@instruction(0x0104, "PTFF", E, "PERFORM TIMING FACILITY FUNCTION")
def ptff(cpu: Cpu, operands: Operands) -> None:
    """Perform the function in bits 57-63 of general register 0 with the parameter block that GR1 designates.

    Condition code 0: done; 3: the function is not available.

    :raises ProgramInterruption: specification if bit 56 is one; privileged operation for codes 64 and up in the
        problem state; access exceptions of the parameter block.
    """
    if cpu.gr[0] & PTFF_RESERVED:
        raise ProgramInterruption(_Code.SPECIFICATION)
    code = field(cpu.gr[0], 57, 63)
    if code >= PTFF_PRIVILEGED and cpu.problem_state:
        raise ProgramInterruption(_Code.PRIVILEGED_OPERATION)
    function = PTFF_FUNCTIONS.get(code)
    if function is None:
        cpu.cc = 3
        return
    function(cpu)
    cpu.cc = 0
