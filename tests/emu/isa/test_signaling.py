# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGNAL PROCESSOR, order by order, and the store-status operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu import psw as psw_bits
from emu.cpu import Cpu, CpuState
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.isa.signaling import store_status
from emu.machine import MEGABYTE, Machine
from emu.page_states import Content, Usage
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

# Order codes and status bits: PoP 4, "Signal-Processor Orders" and "Status Bits".
SENSE, EXTERNAL_CALL, EMERGENCY_SIGNAL, START, STOP, RESTART = 1, 2, 3, 4, 5, 6
STOP_AND_STORE_STATUS, INITIAL_CPU_RESET, CPU_RESET, SET_PREFIX, STORE_STATUS = 9, 0xB, 0xC, 0xD, 0xE
SET_ARCHITECTURE, CONDITIONAL_EMERGENCY, SENSE_RUNNING, STORE_ADDITIONAL = 0x12, 0x13, 0x15, 0x17

INVALID_ORDER, CHECK_STOP, STOPPED, CALL_PENDING = 0x02, 0x10, 0x40, 0x80
INVALID_PARAMETER, INCORRECT_STATE, NOT_RUNNING = 0x100, 0x200, 0x400

EVERY_ORDER = (
    SENSE, EXTERNAL_CALL, EMERGENCY_SIGNAL, START, STOP, RESTART, STOP_AND_STORE_STATUS, INITIAL_CPU_RESET, CPU_RESET,
    SET_PREFIX, STORE_STATUS, CONDITIONAL_EMERGENCY, SENSE_RUNNING, STORE_ADDITIONAL,
)  # fmt: skip

CALL_SUBCLASS = 1 << 63 - 50
"""In control register 0."""
UPPER_HALF = 0xDEAD_BEEF << 32


@pytest.fixture
def machine() -> Machine:
    """Two CPUs, both operating, at different addresses."""
    machine = Machine(4 * MEGABYTE, cpus=2)
    for cpu in machine.cpus:
        cpu.state = CpuState.OPERATING
        cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000 + 0x1000 * cpu.address))
        cpu.psw_loaded = False
    return machine


@pytest.fixture
def other(machine: Machine) -> Cpu:
    """The second CPU."""
    return machine.cpus[1]


@pytest.fixture
def signal(run: Run, cpu: Cpu) -> Callable[..., tuple[int, int]]:
    """Sends an order from CPU 0; gives the condition code and bits 32-63 of R1."""

    def signal(order: int, parameter: int = 0, *, address: int = 1) -> tuple[int, int]:
        cpu.gr[4], cpu.gr[5], cpu.gr[6] = UPPER_HALF, parameter, address
        cpu.cc = 3
        run(cpu, "SIGP", r1=4, r3=6, d2=order)
        assert cpu.gr[4] >> 32 == 0xDEAD_BEEF
        return cpu.cc, cpu.gr[4] & 0xFFFF_FFFF

    return signal


Signal = Callable[..., tuple[int, int]]


def test_sense_of_an_operating_cpu_is_accepted_and_stores_nothing(signal: Signal) -> None:
    assert signal(SENSE) == (0, 0)


def test_sense_of_a_stopped_cpu(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    assert signal(SENSE) == (1, STOPPED)


def test_sense_reports_a_pending_external_call(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    signal(EXTERNAL_CALL)
    assert signal(SENSE) == (1, STOPPED | CALL_PENDING)


def test_sense_of_oneself(signal: Signal) -> None:
    assert signal(SENSE, address=0) == (0, 0)


def test_external_call_is_made_pending_with_the_address_of_the_caller(signal: Signal, other: Cpu) -> None:
    assert signal(EXTERNAL_CALL) == (0, 0)
    assert other.pending.external_call == 0


def test_a_second_external_call_is_refused(signal: Signal, other: Cpu) -> None:
    signal(EXTERNAL_CALL)
    assert signal(EXTERNAL_CALL) == (1, CALL_PENDING)


def test_external_call_to_oneself(signal: Signal, cpu: Cpu) -> None:
    assert signal(EXTERNAL_CALL, address=0) == (0, 0)
    assert cpu.pending.external_call == 0


def test_emergency_signals_of_one_cpu_are_one(signal: Signal, other: Cpu) -> None:
    assert signal(EMERGENCY_SIGNAL) == (0, 0)
    assert signal(EMERGENCY_SIGNAL) == (0, 0)
    assert other.pending.emergency_signal == {0}


def test_start_starts_a_stopped_cpu_only(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    assert signal(START) == (0, 0)
    assert other.state is CpuState.OPERATING
    assert signal(START) == (0, 0)


def test_stop(signal: Signal, other: Cpu) -> None:
    assert signal(STOP) == (0, 0)
    assert signal(SENSE) == (1, STOPPED)
    assert signal(STOP) == (0, 0)


@pytest.mark.parametrize("order", (STOP, STOP_AND_STORE_STATUS))
def test_a_cpu_that_is_to_stop_first_takes_what_is_pending_and_allowed(
    signal: Signal, other: Cpu, machine: Machine, order: int
) -> None:
    """PoP 4, "Stopped State": while the CPU is still operating; so the order is in progress until its turn comes."""
    other.set_control_register(0, CALL_SUBCLASS)
    other.load_psw(Psw(ADDRESSING_MODE | psw_bits.EXTERNAL_MASK, 0x12340))
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, 0x5678).to_bytes())
    assert signal(EXTERNAL_CALL) == (0, 0)
    assert signal(order) == (0, 0)
    assert signal(SENSE) == (2, 0)
    machine.step(other)
    assert (other.state, other.instruction_address) == (CpuState.STOPPED, 0x5678)
    assert machine.storage.read_integer(0x130 + 8, 8) == 0x12340
    stored = machine.storage.read_integer(0x1308, 8)
    assert stored == (0x5678 if order == STOP_AND_STORE_STATUS else 0)


@pytest.mark.parametrize("order", (STOP, STOP_AND_STORE_STATUS))
def test_what_is_pending_but_not_allowed_stays_so_in_a_cpu_that_stops(signal: Signal, other: Cpu, order: int) -> None:
    assert signal(EXTERNAL_CALL) == (0, 0)
    assert signal(order) == (0, 0)
    assert signal(SENSE) == (1, STOPPED | CALL_PENDING)


def test_stop_of_oneself_waits_for_the_end_of_the_instruction(signal: Signal, cpu: Cpu) -> None:
    assert signal(STOP, address=0) == (0, 0)
    assert cpu.state is CpuState.OPERATING
    assert cpu.stop_pending


def test_restart_is_requested_and_everything_else_is_busy_meanwhile(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    assert signal(RESTART) == (0, 0)
    assert other.restart_pending
    for order in set(EVERY_ORDER) - {INITIAL_CPU_RESET, CPU_RESET}:
        assert signal(order) == (2, 0)


def test_a_reset_gets_through_to_a_busy_cpu(signal: Signal, other: Cpu) -> None:
    signal(RESTART)
    assert signal(CPU_RESET) == (0, 0)
    assert signal(SENSE) == (1, STOPPED)


def test_a_busy_answer_takes_time_so_that_the_other_cpu_gets_its_turn(signal: Signal, machine: Machine) -> None:
    signal(RESTART)
    before = machine.timing.work
    signal(SENSE)
    assert machine.timing.work - before > 1000


def test_stop_and_store_status(signal: Signal, other: Cpu, machine: Machine) -> None:
    other.gr[15] = 0x1234
    other.set_prefix(0x8000)
    assert signal(STOP_AND_STORE_STATUS) == (0, 0)
    assert other.state is CpuState.STOPPED
    # Absolute locations, wherever the prefix area of the stopped CPU is.
    assert machine.storage.read_integer(0x1280 + 15 * 8, 8) == 0x1234
    assert machine.storage.read_integer(0x1318, 4) == 0x8000
    assert machine.storage.read_integer(0xA3, 1) == 1


def test_stop_and_store_status_of_a_stopped_cpu(signal: Signal, other: Cpu, machine: Machine) -> None:
    other.state = CpuState.STOPPED
    other.gr[15] = 0x1234
    assert signal(STOP_AND_STORE_STATUS) == (0, 0)
    assert machine.storage.read_integer(0x1280 + 15 * 8, 8) == 0x1234


def test_stop_and_store_status_of_oneself_waits(signal: Signal, cpu: Cpu) -> None:
    assert signal(STOP_AND_STORE_STATUS, address=0) == (0, 0)
    assert cpu.stop_pending
    assert cpu.store_status_pending


def test_initial_cpu_reset(signal: Signal, other: Cpu) -> None:
    other.set_prefix(0x8000)
    other.set_control_register(1, 0x1000)
    other.gr[3] = 7
    other.pending.external_call = 0
    assert signal(INITIAL_CPU_RESET) == (0, 0)
    assert other.state is CpuState.STOPPED
    assert other.prefix == 0
    assert (other.cr[0], other.cr[1], other.cr[14]) == (0xE0, 0, 0xC2000000)
    assert other.psw == Psw(0, 0)
    assert other.pending.external_call is None
    assert other.gr[3] == 7


def test_cpu_reset_keeps_the_registers(signal: Signal, other: Cpu) -> None:
    other.set_prefix(0x8000)
    other.set_control_register(1, 0x1000)
    other.pending.emergency_signal.add(0)
    assert signal(CPU_RESET) == (0, 0)
    assert other.state is CpuState.STOPPED
    assert (other.prefix, other.cr[1]) == (0x8000, 0x1000)
    assert not other.pending.emergency_signal


def test_set_prefix(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    # Bits 0-32 and 51-63 of the parameter are ignored.
    assert signal(SET_PREFIX, 0xFFFF_FFFF_8000_5FFF) == (0, 0)
    assert other.prefix == 0x4000


def test_set_prefix_of_an_operating_cpu(signal: Signal, other: Cpu) -> None:
    assert signal(SET_PREFIX, 0x4000) == (1, INCORRECT_STATE)
    assert other.prefix == 0


def test_set_prefix_outside_storage(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    assert signal(SET_PREFIX, 0x400000) == (1, INVALID_PARAMETER)
    assert other.prefix == 0


def test_store_status_at_address(signal: Signal, other: Cpu, machine: Machine) -> None:
    other.state = CpuState.STOPPED
    other.gr[2] = 0x77
    before = machine.storage.read(0x1200, 512)
    # The address is on a 512-byte boundary and below 2 GB.
    assert signal(STORE_STATUS, 0x8003_01FF) == (0, 0)
    assert machine.storage.read_integer(0x30000 + 0x80 + 2 * 8, 8) == 0x77
    assert machine.storage.read(0x1200, 512) == before


def test_store_status_of_an_operating_cpu(signal: Signal, machine: Machine) -> None:
    assert signal(STORE_STATUS, 0x30000) == (1, INCORRECT_STATE)
    assert machine.storage.read(0x30000, 512) == bytes(512)


def test_store_status_outside_storage(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    assert signal(STORE_STATUS, 0x400000) == (1, INVALID_PARAMETER)


def test_store_status_in_an_unused_page(signal: Signal, other: Cpu, machine: Machine) -> None:
    other.state = CpuState.STOPPED
    machine.states.bytes[0x30] = Usage.UNUSED | Content.ZERO
    assert signal(STORE_STATUS, 0x30000) == (1, INVALID_PARAMETER)


@pytest.mark.parametrize("code", (0, 1, 2, 3, 0xFF))
def test_set_architecture_has_nothing_to_set(signal: Signal, code: int) -> None:
    assert signal(SET_ARCHITECTURE, code) == (1, INVALID_PARAMETER)


def test_set_architecture_addresses_no_cpu(signal: Signal) -> None:
    assert signal(SET_ARCHITECTURE, 1, address=99) == (1, INVALID_PARAMETER)


BOTH = psw_bits.IO_MASK | psw_bits.EXTERNAL_MASK


@pytest.mark.parametrize(
    ("mask", "address", "asn", "accepted"),
    (
        (BOTH, 0x10000, 9, False),
        (BOTH, 0x10000, 0x11, True),
        (BOTH, 0x10000, 0x22, True),
        (psw_bits.IO_MASK, 0x10000, 9, True),
        (psw_bits.EXTERNAL_MASK, 0x10000, 9, True),
        (BOTH | psw_bits.WAIT, 0x10000, 9, True),
        (BOTH | psw_bits.WAIT, 0, 9, False),
        (BOTH | psw_bits.WAIT, 0, 0x11, False),
    ),
)
def test_conditional_emergency_signal(
    signal: Signal, other: Cpu, mask: int, address: int, asn: int, accepted: bool
) -> None:
    other.set_control_register(4, 0x11)
    other.set_control_register(3, 0x22)
    other.load_psw(Psw(ADDRESSING_MODE | mask, address))
    assert signal(CONDITIONAL_EMERGENCY, asn) == ((0, 0) if accepted else (1, INCORRECT_STATE))
    assert other.pending.emergency_signal == ({0} if accepted else set())


def test_sense_running_status(signal: Signal, other: Cpu) -> None:
    """CPUs run in turn: only the one that asks is running (inferred: as under a host that dispatches CPUs)."""
    assert signal(SENSE_RUNNING, address=0) == (0, 0)
    for state in (CpuState.OPERATING, CpuState.STOPPED, CpuState.CHECK_STOP):
        other.state = state
        assert signal(SENSE_RUNNING) == (1, NOT_RUNNING)


def test_sense_running_status_needs_its_facility(signal: Signal, machine: Machine) -> None:
    machine.configuration.facilities = DEFAULT_FACILITIES - {Facility.SENSE_RUNNING_STATUS}
    assert signal(SENSE_RUNNING) == (1, INVALID_ORDER)


def test_additional_status_needs_the_vector_facility(signal: Signal, other: Cpu, machine: Machine) -> None:
    machine.configuration.facilities = DEFAULT_FACILITIES - {Facility.VECTOR}
    other.state = CpuState.STOPPED
    assert signal(STORE_ADDITIONAL, 0x30000) == (1, INVALID_ORDER)


def test_additional_status(signal: Signal, other: Cpu, machine: Machine) -> None:
    machine.configuration.facilities = DEFAULT_FACILITIES | {Facility.VECTOR}
    other.vr[0], other.vr[63] = 0x1111, 0x2222
    assert signal(STORE_ADDITIONAL, 0x30000) == (1, INCORRECT_STATE)
    other.state = CpuState.STOPPED
    assert signal(STORE_ADDITIONAL, 0x30000 + 256) == (1, INVALID_PARAMETER)
    assert signal(STORE_ADDITIONAL, 0x400000) == (1, INVALID_PARAMETER)
    assert machine.storage.read(0x30000, 1024) == bytes(1024)
    assert signal(STORE_ADDITIONAL, 0x30000) == (0, 0)
    assert machine.storage.read_integer(0x30000, 8) == 0x1111
    assert machine.storage.read_integer(0x30000 + 504, 8) == 0x2222
    assert machine.storage.read(0x30000 + 512, 512) == bytes(512)


@pytest.mark.parametrize("order", (0x00, 0x07, 0x0F, 0x16, 0xFF))
def test_an_order_that_is_none(signal: Signal, order: int) -> None:
    assert signal(order) == (1, INVALID_ORDER)


@pytest.mark.parametrize("order", (*EVERY_ORDER, 0xFF))
@pytest.mark.parametrize("address", (2, 0xFFFF, 0xED99))
def test_a_cpu_that_is_none(signal: Signal, order: int, address: int) -> None:
    assert signal(order, address=address) == (3, 0)


def test_only_bits_48_to_63_are_the_cpu_address(signal: Signal) -> None:
    assert signal(SENSE, address=0xFFFF_FFFF_FFFF_0001) == (0, 0)


def test_a_cpu_in_the_check_stop_state_says_so(signal: Signal, other: Cpu) -> None:
    other.state = CpuState.CHECK_STOP
    for order in (SENSE, EXTERNAL_CALL, START, STOP, RESTART, SET_PREFIX, STORE_STATUS):
        assert signal(order) == (1, CHECK_STOP)
    assert signal(INITIAL_CPU_RESET) == (0, 0)


def test_an_odd_r1_holds_the_parameter_itself(run: Run, cpu: Cpu, other: Cpu) -> None:
    other.state = CpuState.STOPPED
    cpu.gr[5], cpu.gr[6] = 0x4000, 1
    run(cpu, "SIGP", r1=5, r3=6, d2=SET_PREFIX)
    assert other.prefix == 0x4000


def test_the_order_is_the_low_byte_of_the_address(run: Run, cpu: Cpu, other: Cpu) -> None:
    cpu.gr[6], cpu.gr[7] = 1, 0xFF00
    run(cpu, "SIGP", r1=4, r3=6, b2=7, d2=STOP)
    assert other.state is CpuState.STOPPED


def test_privileged_operation(run: Run, expect: Expect, cpu: Cpu, other: Cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, 0x10000))
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "SIGP", d2=STOP, r3=6)


# Store status: PoP 4, "Store Status"


def test_store_status_places_every_field(cpu: Cpu, machine: Machine) -> None:
    for number in range(16):
        cpu.gr[number] = 0x100 + number
        cpu.ar[number] = 0x200 + number
        cpu.vr[2 * number] = 0x300 + number
        cpu.vr[2 * number + 1] = 0xBAD
        cpu.cr[number] = 0x400 + number
    cpu.prefix = 0x6000
    cpu.registers.fpc = 0x0080_0000
    cpu.tod_programmable = 0xABCD
    cpu.clock_comparator = 0x1122_3344_5566_7788
    machine.timing.set_cpu_timer(cpu, 0x99AA)
    assert store_status(cpu, 0x30000)

    def stored(offset: int, length: int) -> int:
        return machine.storage.read_integer(0x30000 + offset, length)

    for number in range(16):
        assert stored(0x1200 + 8 * number, 8) == 0x300 + number
        assert stored(0x1280 + 8 * number, 8) == 0x100 + number
        assert stored(0x1340 + 4 * number, 4) == 0x200 + number
        assert stored(0x1380 + 8 * number, 8) == 0x400 + number
    assert stored(0x1300, 16).to_bytes(16, "big") == cpu.psw.to_bytes()
    assert stored(0x1318, 4) == 0x6000
    assert stored(0x131C, 4) == 0x0080_0000
    assert stored(0x1324, 4) == 0xABCD
    assert stored(0x1328, 8) == 0x99AA
    assert stored(0x1330, 8) == 0x0011_2233_4455_6677
    assert stored(0xA3, 1) == 1


def test_store_status_that_cannot_be_stored_is_no_error(cpu: Cpu, machine: Machine) -> None:
    machine.states.bytes[0] = Usage.UNUSED | Content.ZERO
    assert not store_status(cpu, 0)


def test_a_restarted_cpu_runs_from_its_restart_new_psw(signal: Signal, other: Cpu, machine: Machine) -> None:
    other.state = CpuState.STOPPED
    machine.storage.write(0x1A0, Psw(ADDRESSING_MODE, 0x40000).to_bytes())
    machine.storage.write(0x40000, b"\x07\x00")  # NOPR
    signal(RESTART)
    machine.cpus[0].state = CpuState.STOPPED
    machine.step()
    assert other.state is CpuState.OPERATING
    assert other.instruction_address == 0x40000
    machine.step()
    assert other.instruction_address == 0x40002
    assert machine.storage.read(0x120, 16) == Psw(ADDRESSING_MODE, 0x11000).to_bytes()
