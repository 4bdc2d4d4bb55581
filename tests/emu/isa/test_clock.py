# SPDX-License-Identifier: GPL-2.0-or-later
"""The TOD clock, the clock comparator, the CPU timer and PERFORM TIMING FACILITY FUNCTION."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw
from emu.timing import INITIAL_TOD

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

OPERAND = 0x20000
MICROSECOND = 1 << 12
"""Bit 51 of the TOD clock is one microsecond (PoP 4, "TOD Clock")."""
BEYOND = 0x400000
"""The first byte outside the 4 MB of the fixture."""

STORES = ("STCK", "STCKF", "STCKE", "STCKC", "STPT")
LOADS = ("SCK", "SCKC", "SPT")
PRIVILEGED = ("SCK", "SCKC", "STCKC", "SPT", "STPT", "SCKPF")


def in_problem_state(cpu: Cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, cpu.instruction_address))


def set_operand(cpu: Cpu, value: int) -> None:
    cpu.configuration.storage.write_integer(OPERAND, 8, value)
    cpu.gr[2] = OPERAND


def stored(cpu: Cpu, length: int = 8) -> int:
    return cpu.configuration.storage.read_integer(OPERAND, length)


@pytest.mark.parametrize("mnemonic", ("STCK", "STCKF"))
def test_store_clock_stores_the_clock_and_says_that_it_is_set(cpu: Cpu, run: Run, mnemonic: str) -> None:
    cpu.configuration.timing.tod = 0x1234_5678_0000_0000
    cpu.cc = 3
    cpu.gr[2] = OPERAND
    run(cpu, mnemonic, b2=2)
    assert 0x1234_5678_0000_0000 <= stored(cpu) < 0x1234_5678_0000_0000 + MICROSECOND
    assert cpu.cc == 0


def test_values_of_store_clock_are_unique_and_grow(cpu: Cpu, run: Run) -> None:
    values = []
    cpu.gr[2] = OPERAND
    for mnemonic in ("STCK", "STCKF", "STCK", "STCK"):
        run(cpu, mnemonic, b2=2)
        values.append(stored(cpu))
    assert values == sorted(set(values))


def test_a_loop_that_polls_the_clock_sees_a_microsecond_pass_each_time(cpu: Cpu, run: Run) -> None:
    cpu.gr[2] = OPERAND
    run(cpu, "STCK", b2=2)
    before = stored(cpu)
    run(cpu, "STCK", b2=2)
    assert MICROSECOND <= stored(cpu) - before < 2 * MICROSECOND


def test_store_clock_needs_no_boundary(cpu: Cpu, run: Run) -> None:
    cpu.gr[2] = OPERAND + 1
    run(cpu, "STCK", b2=2)
    assert cpu.configuration.storage.read_integer(OPERAND + 1, 8) >= INITIAL_TOD


def test_store_clock_extended_places_clock_and_programmable_field(cpu: Cpu, run: Run) -> None:
    cpu.configuration.timing.tod = 0xAA00_0000_0000_0000
    cpu.tod_programmable = 0xBEEF
    cpu.gr[2] = OPERAND
    cpu.cc = 3
    run(cpu, "STCKE", b2=2)
    data = cpu.configuration.storage.read(OPERAND, 16)
    assert data[0] == 0
    assert data[1] == 0xAA
    assert any(data[9:14])  # bits 64-103 of a running clock are not all zeros
    assert data[14:] == b"\xbe\xef"
    assert cpu.cc == 0


def test_store_clock_extended_is_later_than_store_clock_before_it(cpu: Cpu, run: Run) -> None:
    cpu.gr[2] = OPERAND
    run(cpu, "STCK", b2=2)
    before = stored(cpu)
    run(cpu, "STCKE", b2=2)
    assert int.from_bytes(cpu.configuration.storage.read(OPERAND + 1, 8), "big") > before


def test_store_clock_belongs_to_the_problem_state(cpu: Cpu, run: Run) -> None:
    in_problem_state(cpu)
    cpu.gr[2] = OPERAND
    for mnemonic in ("STCK", "STCKF", "STCKE"):
        run(cpu, mnemonic, b2=2)
    assert stored(cpu, 16) != 0


def test_set_clock_sets_the_clock(cpu: Cpu, run: Run) -> None:
    set_operand(cpu, 0xFACE_F00D_CAFE_0000)
    cpu.cc = 3
    run(cpu, "SCK", b2=2)
    assert cpu.configuration.timing.tod == 0xFACE_F00D_CAFE_0000
    assert cpu.cc == 0


def test_set_clock_leaves_the_cpu_timer(cpu: Cpu, run: Run) -> None:
    cpu.configuration.timing.set_cpu_timer(cpu, 1 << 40)
    set_operand(cpu, 0)
    run(cpu, "SCK", b2=2)
    assert (1 << 40) - MICROSECOND < cpu.configuration.timing.cpu_timer(cpu) <= 1 << 40


def test_clock_comparator_is_set_and_stored(cpu: Cpu, run: Run) -> None:
    set_operand(cpu, 0x0123_4567_89AB_CDEF)
    run(cpu, "SCKC", b2=2)
    assert cpu.clock_comparator == 0x0123_4567_89AB_CDEF
    set_operand(cpu, 0)
    run(cpu, "STCKC", b2=2)
    assert stored(cpu) == 0x0123_4567_89AB_CDEF


def test_cpu_timer_is_set_counts_down_and_is_stored(cpu: Cpu, run: Run) -> None:
    set_operand(cpu, 1 << 30)
    run(cpu, "SPT", b2=2)
    cpu.configuration.timing.work += 1000
    run(cpu, "STPT", b2=2)
    # A unit of work is four steps of the clock; STPT itself takes some.
    assert (1 << 30) - 4000 - MICROSECOND < stored(cpu) <= (1 << 30) - 4000


def test_a_negative_cpu_timer_stays_negative(cpu: Cpu, run: Run) -> None:
    set_operand(cpu, 0x8000_0000_0000_1000)
    run(cpu, "SPT", b2=2)
    assert cpu.configuration.timing.cpu_timer_due(cpu)


@pytest.mark.parametrize("mnemonic", ("SCK", "SCKC", "STCKC", "SPT", "STPT"))
@pytest.mark.parametrize("offset", (1, 2, 4))
def test_operand_must_be_on_a_doubleword_boundary(
    cpu: Cpu, run: Run, expect: Expect, mnemonic: str, offset: int
) -> None:
    cpu.gr[2] = OPERAND + offset
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, b2=2)


@pytest.mark.parametrize("mnemonic", PRIVILEGED)
def test_privileged_operation(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_problem_state(cpu)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic)


@pytest.mark.parametrize("mnemonic", STORES + LOADS)
def test_addressing(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[2] = BEYOND
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, b2=2)


@pytest.mark.parametrize("mnemonic", STORES)
def test_protection_stops_the_store(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.configuration.keys.bytes[OPERAND >> 12] = 0x30
    cpu.load_psw(Psw(ADDRESSING_MODE | 5 << 52, cpu.instruction_address))
    cpu.gr[2] = OPERAND
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, b2=2)


@pytest.mark.parametrize("mnemonic", LOADS)
def test_fetch_protection_stops_the_fetch_and_nothing_is_set(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    set_operand(cpu, 0x7777_0000_0000_0000)
    cpu.configuration.keys.bytes[OPERAND >> 12] = 0x38
    cpu.load_psw(Psw(ADDRESSING_MODE | 5 << 52, cpu.instruction_address))
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, b2=2)
    assert cpu.clock_comparator != 0x7777_0000_0000_0000
    assert cpu.configuration.timing.tod >> 48 != 0x7777


def test_programmable_field_is_taken_from_register_0(cpu: Cpu, run: Run) -> None:
    cpu.gr[0] = 0xFFFF_FFFF_0000_1234
    run(cpu, "SCKPF")
    assert cpu.tod_programmable == 0x1234


@pytest.mark.parametrize("bit", (32, 47))
def test_programmable_field_needs_zeros_in_front(cpu: Cpu, run: Run, expect: Expect, bit: int) -> None:
    cpu.gr[0] = 1 << 63 - bit
    with expect(Code.SPECIFICATION):
        run(cpu, "SCKPF")


def test_extract_cpu_time(cpu: Cpu, run: Run) -> None:
    storage = cpu.configuration.storage
    storage.write_integer(OPERAND, 8, 0x5000_0000)
    storage.write_integer(OPERAND + 9, 8, 0x1111_2222_3333_4444)
    storage.write_integer(OPERAND + 0x20, 8, 0x5555_6666_7777_8888)
    cpu.configuration.timing.set_cpu_timer(cpu, 0x4000_0000)
    cpu.gr[2], cpu.gr[5] = OPERAND, OPERAND + 0x20
    cpu.cc = 2
    run(cpu, "ECTG", b1=2, d1=0, b2=2, d2=9, r3=5)
    assert 0x1000_0000 <= cpu.gr[0] < 0x1000_0000 + MICROSECOND
    assert cpu.gr[1] == 0x1111_2222_3333_4444
    assert cpu.gr[5] == 0x5555_6666_7777_8888
    assert cpu.cc == 2


@pytest.mark.parametrize("operand", ("first", "second", "third"))
def test_extract_cpu_time_fetches_three_operands(cpu: Cpu, run: Run, expect: Expect, operand: str) -> None:
    addresses = {"first": OPERAND, "second": OPERAND, "third": OPERAND, operand: BEYOND}
    cpu.gr[2], cpu.gr[3], cpu.gr[5] = addresses["first"], addresses["second"], addresses["third"]
    cpu.gr[0] = cpu.gr[1] = 7
    with expect(Code.ADDRESSING):
        run(cpu, "ECTG", b1=2, b2=3, r3=5)
    assert (cpu.gr[0], cpu.gr[1], cpu.gr[5]) == (7, 7, addresses["third"])


@pytest.mark.parametrize(
    ("mnemonic", "facility"),
    (
        ("STCKF", Facility.STORE_CLOCK_FAST),
        ("ECTG", Facility.EXTRACT_CPU_TIME),
        ("PTFF", Facility.TOD_CLOCK_STEERING),
    ),
)
def test_without_the_facility_it_is_no_operation(
    cpu: Cpu, run: Run, expect: Expect, mnemonic: str, facility: Facility
) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - {facility}
    with expect(Code.OPERATION):
        run(cpu, mnemonic)


# PTFF: function codes of PoP 10, "PERFORM TIMING FACILITY FUNCTION"

QAF, QTO, QSI, QPT, ATO, STO, SFS = 0, 1, 2, 3, 0x40, 0x41, 0x42


def perform(cpu: Cpu, run: Run, code: int) -> None:
    cpu.gr[0], cpu.gr[1] = code, OPERAND
    cpu.cc = 1
    run(cpu, "PTFF")


def test_query_names_exactly_the_functions_that_work(cpu: Cpu, run: Run) -> None:
    perform(cpu, run, QAF)
    assert cpu.cc == 0
    mask = stored(cpu, 16)
    for code in range(128):
        cpu.configuration.storage.write(OPERAND, bytes(64))
        perform(cpu, run, code)
        assert cpu.cc == (0 if mask >> 127 - code & 1 else 3)
    assert {code for code in range(128) if mask >> 127 - code & 1} == {QAF, QTO, QSI, QPT, ATO, STO}


def test_physical_clock_plus_offset_is_the_clock(machine: Machine, cpu: Cpu, run: Run) -> None:
    machine.timing.tod = 0x1000_0000_0000_0000
    perform(cpu, run, QTO)
    physical, offset, logical, epoch = (machine.storage.read_integer(OPERAND + 8 * index, 8) for index in range(4))
    assert (physical + offset) % (1 << 64) == machine.timing.tod
    assert logical == offset
    assert epoch == 0


def test_set_clock_does_not_touch_the_physical_clock(cpu: Cpu, run: Run) -> None:
    perform(cpu, run, QPT)
    before = stored(cpu)
    cpu.configuration.timing.tod = 0
    perform(cpu, run, QPT)
    assert before < stored(cpu) < before + MICROSECOND


def test_clock_is_not_steered(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write(OPERAND, b"\xff" * 64)
    perform(cpu, run, QSI)
    assert cpu.configuration.storage.read(OPERAND + 8, 48) == bytes(48)
    assert cpu.configuration.storage.read(OPERAND + 56, 8) == b"\xff" * 8


def test_adjust_tod_offset_moves_the_clock(cpu: Cpu, run: Run) -> None:
    cpu.configuration.timing.tod = 0x1000_0000_0000_0000
    set_operand(cpu, 0x0100_0000_0000_0000)
    perform(cpu, run, ATO)
    assert 0 <= cpu.configuration.timing.tod - 0x1100_0000_0000_0000 < MICROSECOND


def test_set_tod_offset_sets_the_clock(cpu: Cpu, run: Run) -> None:
    set_operand(cpu, 0x0200_0000_0000_0000)
    perform(cpu, run, STO)
    perform(cpu, run, QTO)
    assert cpu.configuration.storage.read_integer(OPERAND + 8, 8) == 0x0200_0000_0000_0000


def test_ptff_reserved_bit(cpu: Cpu, run: Run, expect: Expect) -> None:
    with expect(Code.SPECIFICATION):
        perform(cpu, run, 0x80)


def test_queries_belong_to_the_problem_state_and_changes_do_not(cpu: Cpu, run: Run, expect: Expect) -> None:
    in_problem_state(cpu)
    perform(cpu, run, QAF)
    assert cpu.cc == 0
    for code in (ATO, STO, SFS):
        with expect(Code.PRIVILEGED_OPERATION):
            perform(cpu, run, code)


@pytest.mark.parametrize("code", (QAF, QTO, QSI, QPT, ATO, STO))
def test_ptff_parameter_block_must_be_there(cpu: Cpu, run: Run, expect: Expect, code: int) -> None:
    cpu.gr[0], cpu.gr[1] = code, BEYOND
    with expect(Code.ADDRESSING):
        run(cpu, "PTFF")
