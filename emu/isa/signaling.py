# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGNAL PROCESSOR and the store-status operation (PoP chapter 4, "CPU Signaling and Response" and "Store Status").

CPUs run in turn, so the addressed CPU is between two instructions whenever another one signals it: all orders are
carried out on the spot, but for restart, and stop where an interruption comes first.  An order to the CPU itself takes
effect when SIGNAL PROCESSOR has ended.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Final

from emu import access
from emu import psw as psw_bits
from emu.bits import MASK_32, field
from emu.cpu import Cpu, CpuState
from emu.facilities import Facility
from emu.isa.declaration import Operands, instruction
from emu.isa.formats import RS_A
from emu.lowcore import ARCHITECTURAL_MODE, PREFIX_AREA_SIZE, STORE_STATUS_AREA
from emu.pending import enabled_interruption
from emu.prefixing import absolute_to_real
from emu.program_interruption import ProgramInterruption
from emu.resets import reset_cpu
from emu.status_fields import doublewords, status_fields
from emu.storage_keys import CHANGE, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable


class Order(IntEnum):
    """Order codes of SIGNAL PROCESSOR."""

    SENSE = 0x01
    EXTERNAL_CALL = 0x02
    EMERGENCY_SIGNAL = 0x03
    START = 0x04
    STOP = 0x05
    RESTART = 0x06
    STOP_AND_STORE_STATUS = 0x09
    INITIAL_CPU_RESET = 0x0B
    CPU_RESET = 0x0C
    SET_PREFIX = 0x0D
    STORE_STATUS_AT_ADDRESS = 0x0E
    SET_ARCHITECTURE = 0x12
    CONDITIONAL_EMERGENCY_SIGNAL = 0x13
    SENSE_RUNNING_STATUS = 0x15
    STORE_ADDITIONAL_STATUS_AT_ADDRESS = 0x17


class Status(IntFlag):
    """Status bits that SIGNAL PROCESSOR puts in bits 32-63 of R1."""

    INVALID_ORDER = 0x002
    CHECK_STOP = 0x010
    STOPPED = 0x040
    EXTERNAL_CALL_PENDING = 0x080
    INVALID_PARAMETER = 0x100
    INCORRECT_STATE = 0x200
    NOT_RUNNING = 0x400


ACCEPTED: Final = 0
STATUS_STORED: Final = 1
BUSY: Final = 2
NOT_OPERATIONAL: Final = 3

BUSY_WORK: Final = 10_000
"""Units of work that a busy answer costs, so that the addressed CPU soon gets its turn."""

_PREFIX_MASK: Final = 0x7FFF_E000
_STATUS_ADDRESS_MASK: Final = 0x7FFF_FE00
_ADDITIONAL_STATUS_ALIGNMENT: Final = 1024
_INTERRUPTIBLE: Final = psw_bits.IO_MASK | psw_bits.EXTERNAL_MASK
_ALLOWED_WHEN_BUSY: Final = frozenset({Order.INITIAL_CPU_RESET, Order.CPU_RESET})
_ALLOWED_IN_CHECK_STOP: Final = _ALLOWED_WHEN_BUSY | {Order.SENSE_RUNNING_STATUS}


# Store status


def store_status(cpu: Cpu, address: int) -> bool:
    """Store the status of *cpu* in the save areas of the block at absolute *address*; say if that could be done.

    The save areas begin at 0x1200 of the block, as in a prefix area; *address* is zero for the store-status operation,
    wherever the prefix area lies.  The architectural-mode identification is stored as well.  Protection does not apply.
    """
    try:
        _store_recorded(cpu, address + ARCHITECTURAL_MODE, b"\x01")
    except ProgramInterruption:
        return False
    return _store_fields(cpu, address + STORE_STATUS_AREA)


def _store_fields(cpu: Cpu, address: int, by: Cpu | None = None) -> bool:
    """Store the status, with the floating-point registers at absolute *address*; say if that could be done.

    :param by: who does so by an instruction.
    """
    try:
        for offset, data in status_fields(cpu):
            if by is not None:
                cpu.configuration.storage.require(address + offset)
                access.announce_store(by, absolute_to_real(address + offset, by.prefix), len(data), real=True)
            _store_recorded(cpu, address + offset, data)
    except ProgramInterruption:
        return False
    return True


def _store_recorded(cpu: Cpu, address: int, data: bytes) -> None:
    """Store *data*, within a page, with reference and change recording but without protection."""
    cpu.configuration.storage.write(address, data)
    cpu.configuration.keys.bytes[address >> 12] |= REFERENCE | CHANGE


# The orders.  Each gives the status, zero for "accepted".


def _status_of(target: Cpu) -> Status:
    status = Status(0)
    if target.pending.external_call is not None:
        status |= Status.EXTERNAL_CALL_PENDING
    if target.state is CpuState.STOPPED:
        status |= Status.STOPPED
    elif target.state is CpuState.CHECK_STOP:
        status |= Status.CHECK_STOP
    return status


def _sense(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    return _status_of(target)


def _external_call(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    if target.pending.external_call is not None:
        return Status.EXTERNAL_CALL_PENDING
    target.pending.external_call = cpu.address
    return Status(0)


def _emergency_signal(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    target.pending.emergency_signal.add(cpu.address)
    return Status(0)


def _conditional_emergency_signal(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    """Signal a CPU that is disabled, or waits at an address other than zero, or runs in the address space whose number
    is in bits 48-63 of the parameter; any other is in an incorrect state."""
    asn = field(parameter, 48, 63)
    if target.is_waiting:
        is_wanted = target.instruction_address != 0
    else:
        is_wanted = asn in (field(target.cr[4], 48, 63), field(target.cr[3], 48, 63))
    if target.system_mask & _INTERRUPTIBLE != _INTERRUPTIBLE or is_wanted:
        return _emergency_signal(cpu, target, parameter)
    return Status.INCORRECT_STATE


def _start(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    if target.state is CpuState.STOPPED:
        target.state = CpuState.OPERATING
    return Status(0)


def _stop(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    """Stop a CPU that operates, which first takes what is pending and allowed (PoP 4, "Stopped State")."""
    if target is cpu or (target.state is CpuState.OPERATING and enabled_interruption(target) is not None):
        target.stop_pending = True
    elif target.state is CpuState.OPERATING:
        target.state = CpuState.STOPPED
    return Status(0)


def _restart(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    target.restart_pending = True
    return Status(0)


def _stop_and_store_status(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    _stop(cpu, target, parameter)
    if target.stop_pending:
        target.store_status_pending = True
    else:
        store_status(target, 0)
    return Status(0)


def _initial_cpu_reset(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    reset_cpu(target, initial=True)
    return Status(0)


def _cpu_reset(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    reset_cpu(target, initial=False)
    return Status(0)


def _set_prefix(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    prefix = parameter & _PREFIX_MASK
    if target.state is not CpuState.STOPPED:
        return Status.INCORRECT_STATE
    if prefix + PREFIX_AREA_SIZE > cpu.configuration.storage.size:
        return Status.INVALID_PARAMETER
    target.set_prefix(prefix)
    return Status(0)


def _store_status_at_address(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    if target.state is not CpuState.STOPPED:
        return Status.INCORRECT_STATE
    is_stored = _store_fields(target, parameter & _STATUS_ADDRESS_MASK, cpu)
    return Status(0) if is_stored else Status.INVALID_PARAMETER


def _store_additional_status(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    """Store the vector registers at the 1 KB boundary that the parameter designates."""
    if Facility.VECTOR not in cpu.configuration.facilities:
        return Status.INVALID_ORDER
    if target.state is not CpuState.STOPPED:
        return Status.INCORRECT_STATE
    if parameter % _ADDITIONAL_STATUS_ALIGNMENT:
        return Status.INVALID_PARAMETER
    try:
        registers = doublewords(target.vr)
        cpu.configuration.storage.require(parameter)
        access.announce_store(cpu, absolute_to_real(parameter, cpu.prefix), len(registers), real=True)
        cpu.configuration.storage.write(parameter, registers)
    except ProgramInterruption:
        return Status.INVALID_PARAMETER
    return Status(0)


def _sense_running_status(cpu: Cpu, target: Cpu, parameter: int) -> Status:
    """CPUs run in turn: while one asks, no other is running, so that who waits for it may rather end its turn."""
    if Facility.SENSE_RUNNING_STATUS not in cpu.configuration.facilities:
        return Status.INVALID_ORDER
    return Status(0) if target.address == cpu.address else Status.NOT_RUNNING


SENSING: Final = (Order.SENSE, Order.SENSE_RUNNING_STATUS)
"""Orders that change nothing."""
ORDERS: Final[dict[int, Callable[[Cpu, Cpu, int], Status]]] = {
    Order.SENSE: _sense,
    Order.EXTERNAL_CALL: _external_call,
    Order.EMERGENCY_SIGNAL: _emergency_signal,
    Order.START: _start,
    Order.STOP: _stop,
    Order.RESTART: _restart,
    Order.STOP_AND_STORE_STATUS: _stop_and_store_status,
    Order.INITIAL_CPU_RESET: _initial_cpu_reset,
    Order.CPU_RESET: _cpu_reset,
    Order.SET_PREFIX: _set_prefix,
    Order.STORE_STATUS_AT_ADDRESS: _store_status_at_address,
    Order.CONDITIONAL_EMERGENCY_SIGNAL: _conditional_emergency_signal,
    Order.SENSE_RUNNING_STATUS: _sense_running_status,
    Order.STORE_ADDITIONAL_STATUS_AT_ADDRESS: _store_additional_status,
}


def _has_order_in_progress(target: Cpu) -> bool:
    """Whether a restart or a stop that *target* has accepted is not carried out yet."""
    return target.restart_pending or target.stop_pending


@instruction(0xAE, "SIGP", RS_A, "SIGNAL PROCESSOR", privileged=True)
def sigp(cpu: Cpu, operands: Operands) -> None:
    """Send the order in bits 56-63 of the second-operand address to the CPU whose address is in bits 48-63 of R3.

    The parameter is in R1 if that is odd, else in R1 + 1.  Condition code 0: accepted; 1: status in bits 32-63 of R1;
    2: busy with an earlier order; 3: no such CPU.
    """
    order = cpu.effective_address(operands.b2, operands.d2) & 0xFF
    parameter = cpu.gr[operands.r1 | 1]
    if order == Order.SET_ARCHITECTURE:
        # No CPU is addressed.  Codes 1 and 2 ask for the mode that this machine is in, and code 0 for one that it has
        # not: an invalid parameter all of them, like any other code.
        _answer(cpu, operands.r1, Status.INVALID_PARAMETER)
        return
    address = field(cpu.gr[operands.r3], 48, 63)
    if address >= len(cpu.configuration.cpus):
        cpu.cc = NOT_OPERATIONAL
        return
    target = cpu.configuration.cpus[address]
    function = ORDERS.get(order)
    if function is None:
        _answer(cpu, operands.r1, Status.INVALID_ORDER)
    elif _has_order_in_progress(target) and order not in _ALLOWED_WHEN_BUSY:
        cpu.configuration.timing.work += BUSY_WORK
        cpu.cc = BUSY
    elif target.state is CpuState.CHECK_STOP and order not in _ALLOWED_IN_CHECK_STOP:
        _answer(cpu, operands.r1, _status_of(target))
    else:
        cpu.cc = ACCEPTED
        _answer(cpu, operands.r1, function(cpu, target, parameter))


def _answer(cpu: Cpu, register: int, status: Status) -> None:
    """Store *status*, if there is any, with its condition code."""
    if status:
        cpu.set_gr32(register, status & MASK_32)
        cpu.cc = STATUS_STORED
