# SPDX-License-Identifier: GPL-2.0-or-later
"""STSI block by block, the facility list, the CPU identification and the topology functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility, facility_list
from emu.identification import SystemIdentification
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

BLOCK = 0x20000
BEYOND = 0x400000
NAME = "kvm-unit-test"
IDENTITY = UUID("0fb84a86-727c-11ea-bc55-0242ac130003")


def in_problem_state(cpu: Cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, cpu.instruction_address))


@pytest.fixture
def cpu(machine: Machine) -> Cpu:
    """A CPU of a configuration that could have eight."""
    machine.configuration.identification = SystemIdentification(name=NAME, uuid=IDENTITY, max_cpus=8)
    return machine.cpus[0]


def store(cpu: Cpu, run: Run, function: int, selector_1: int, selector_2: int) -> int:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = function << 28 | selector_1, selector_2, BLOCK
    cpu.cc = 1
    run(cpu, "STSI", b2=2)
    return cpu.cc


def number(cpu: Cpu, offset: int, length: int) -> int:
    return cpu.configuration.storage.read_integer(BLOCK + offset, length)


def text(cpu: Cpu, offset: int, length: int) -> str:
    return cpu.configuration.storage.read(BLOCK + offset, length).decode("cp037")


def test_function_code_0_shows_the_level_and_touches_nothing_else(cpu: Cpu, run: Run) -> None:
    cpu.gr[0], cpu.gr[2] = 0xFFFF_FFFF_0000_00FF, BEYOND + 1
    cpu.cc = 3
    run(cpu, "STSI", b2=2)
    assert cpu.gr[0] == 0xFFFF_FFFF_3000_00FF
    assert cpu.cc == 0


def test_basic_machine(cpu: Cpu, run: Run) -> None:
    assert store(cpu, run, 1, 1, 1) == 0
    assert text(cpu, 32, 16) == "IBM".ljust(16)
    assert text(cpu, 48, 4) == "3906"
    assert text(cpu, 80, 16).strip() == "0000000000012345"
    assert text(cpu, 96, 4) == "00  "


def test_basic_machine_current_cpu(run: Run) -> None:
    other = Machine(4 * MEGABYTE, cpus=2).cpus[1]
    other.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    assert store(other, run, 1, 2, 1) == 0
    assert number(other, 102, 2) == 1


def counts(cpu: Cpu) -> list[int]:
    """Total, configured, standby, reserved."""
    return [number(cpu, offset, 2) for offset in (36, 38, 40, 42)]


def test_basic_machine_cpus(cpu: Cpu, run: Run) -> None:
    assert store(cpu, run, 1, 2, 2) == 0
    assert number(cpu, 32, 4) != 0
    assert counts(cpu) == [8, 1, 0, 7]


def test_partition_current_cpu(run: Run) -> None:
    other = Machine(4 * MEGABYTE, cpus=2).cpus[1]
    other.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    assert store(other, run, 2, 2, 1) == 0
    assert (number(other, 100, 2), number(other, 102, 2)) == (1, 1)


def test_partition_cpus(cpu: Cpu, run: Run) -> None:
    assert store(cpu, run, 2, 2, 2) == 0
    assert counts(cpu) == [8, 1, 0, 7]
    assert text(cpu, 44, 8) == "ESSA    "


def test_virtual_machine(cpu: Cpu, run: Run) -> None:
    assert store(cpu, run, 3, 2, 2) == 0
    assert number(cpu, 31, 1) == 1
    assert counts(cpu) == [8, 1, 0, 7]
    assert cpu.configuration.storage.read(BLOCK + 44, 8) == bytes.fromhex("92a59460a49589a3")  # "kvm-unit" in EBCDIC
    assert text(cpu, 56, 16) == "KVM/Linux".ljust(16)
    assert number(cpu, 75, 1) == 2
    assert cpu.configuration.storage.read(BLOCK + 80, 16) == IDENTITY.bytes
    assert cpu.configuration.storage.read(BLOCK + 2048, 14) == b"kvm-unit-test\0"


def test_a_name_that_ebcdic_lacks_is_no_error(cpu: Cpu, run: Run) -> None:
    cpu.configuration.identification = SystemIdentification(name="日本" * 100)
    assert store(cpu, run, 3, 2, 2) == 0


def test_the_whole_block_is_stored(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write(BLOCK, b"\xff" * 4096)
    store(cpu, run, 1, 1, 1)
    assert number(cpu, 0, 8) == number(cpu, 4088, 8) == 0


def test_bits_0_to_31_of_the_registers_are_ignored(cpu: Cpu, run: Run) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 0xFFFF_FFFF_3000_0002, 0xFFFF_FFFF_0000_0002, BLOCK
    run(cpu, "STSI", b2=2)
    assert cpu.cc == 0


@pytest.mark.parametrize("bit", range(36, 56))
def test_reserved_bits_of_register_0(cpu: Cpu, run: Run, expect: Expect, bit: int) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 1 << 63 - bit, 0, BLOCK
    with expect(Code.SPECIFICATION):
        run(cpu, "STSI", b2=2)


@pytest.mark.parametrize("bit", range(32, 48))
def test_reserved_bits_of_register_1(cpu: Cpu, run: Run, expect: Expect, bit: int) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 0, 1 << 63 - bit, BLOCK
    with expect(Code.SPECIFICATION):
        run(cpu, "STSI", b2=2)


@pytest.mark.parametrize("function", (4, 14))
def test_a_function_that_is_not_provided_comes_before_reserved_bits(cpu: Cpu, run: Run, function: int) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = function << 28 | 1 << 8, 1 << 16, BLOCK + 1
    run(cpu, "STSI", b2=2)
    assert cpu.cc == 3


def test_reserved_bits_come_before_the_selectors(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 3 << 28 | 1 << 8 | 7, 7, BLOCK
    with expect(Code.SPECIFICATION):
        run(cpu, "STSI", b2=2)


@pytest.mark.parametrize(
    "selection", ((7, 0, 0), (4, 2, 2), (1, 0, 1), (1, 1, 0), (1, 1, 2), (2, 1, 1), (3, 2, 1), (3, 3, 2), (15, 1, 3))
)
def test_information_that_there_is_none_of(cpu: Cpu, run: Run, selection: tuple[int, int, int]) -> None:
    assert store(cpu, run, *selection) == 3
    assert cpu.configuration.storage.read(BLOCK, 4096) == bytes(4096)


def test_block_must_be_on_a_page_boundary(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 0x1000_0001, 1, BLOCK + 42
    with expect(Code.SPECIFICATION):
        run(cpu, "STSI", b2=2)


def test_block_outside_storage(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 0x1000_0001, 1, BEYOND
    with expect(Code.ADDRESSING):
        run(cpu, "STSI", b2=2)


def test_block_in_protected_storage(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.keys.bytes[BLOCK >> 12] = 0x30
    cpu.load_psw(Psw(ADDRESSING_MODE | 5 << 52, cpu.instruction_address))
    with expect(Code.PROTECTION):
        store(cpu, run, 1, 1, 1)


@pytest.mark.parametrize("mnemonic", ("STSI", "STFL", "STIDP", "PTF"))
def test_privileged_operation(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_problem_state(cpu)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic)


# Facilities


def test_stfl_stores_the_first_word_in_the_prefix_area(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x8000)
    run(cpu, "STFL")
    assert cpu.configuration.storage.read(0x8000 + 200, 4) == facility_list(DEFAULT_FACILITIES)[:4]
    assert cpu.configuration.storage.read(0x8000 + 204, 4) == bytes(4)
    assert cpu.configuration.storage.read(200, 4) == bytes(4)


def test_stfl_is_not_stopped_by_low_address_protection(cpu: Cpu, run: Run) -> None:
    cpu.set_control_register(0, 1 << 63 - 35)
    run(cpu, "STFL")
    assert cpu.configuration.storage.read(200, 4) != bytes(4)


def test_stfle_stores_all_doublewords_that_there_are(cpu: Cpu, run: Run) -> None:
    list_ = facility_list(DEFAULT_FACILITIES)
    cpu.configuration.storage.write(BLOCK, b"\xff" * 2048)
    cpu.gr[0], cpu.gr[2] = 0x1111_1111_1111_11FF, BLOCK
    cpu.cc = 3
    run(cpu, "STFLE", b2=2)
    assert cpu.configuration.storage.read(BLOCK, len(list_)) == list_
    assert cpu.configuration.storage.read(BLOCK + len(list_), 8) == b"\xff" * 8
    assert cpu.gr[0] == 0x1111_1111_1111_1100 | len(list_) // 8 - 1
    assert cpu.cc == 0


def test_stfle_stores_no_more_than_asked_for(cpu: Cpu, run: Run) -> None:
    list_ = facility_list(DEFAULT_FACILITIES)
    assert len(list_) > 8
    cpu.gr[0], cpu.gr[2] = 0, BLOCK
    run(cpu, "STFLE", b2=2)
    assert cpu.configuration.storage.read(BLOCK, 8) == list_[:8]
    assert cpu.configuration.storage.read(BLOCK + 8, 8) == bytes(8)
    assert cpu.gr[0] == len(list_) // 8 - 1
    assert cpu.cc == 3


def test_stfle_shows_what_the_machine_has(cpu: Cpu, run: Run) -> None:
    cpu.configuration.facilities = frozenset({0, 1, 2, 7})
    cpu.gr[2] = BLOCK
    run(cpu, "STFLE", b2=2)
    assert cpu.configuration.storage.read(BLOCK, 8) == bytes.fromhex("e100000000000000")
    assert cpu.cc == 0


def test_stfle_belongs_to_the_problem_state(cpu: Cpu, run: Run) -> None:
    in_problem_state(cpu)
    cpu.gr[2] = BLOCK
    run(cpu, "STFLE", b2=2)
    assert cpu.configuration.storage.read(BLOCK, 8) != bytes(8)


@pytest.mark.parametrize("mnemonic", ("STFLE", "STIDP"))
def test_doubleword_boundary(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[2] = BLOCK + 4
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, b2=2)


@pytest.mark.parametrize("mnemonic", ("STFLE", "STIDP"))
def test_addressing(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[2] = BEYOND
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, b2=2)


@pytest.mark.parametrize("mnemonic", ("STFLE", "STIDP"))
def test_low_address_protection(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.set_control_register(0, 1 << 63 - 35)
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, d2=8)


@pytest.mark.parametrize(
    ("mnemonic", "facility"), (("STFLE", Facility.STFLE), ("PTF", Facility.CONFIGURATION_TOPOLOGY))
)
def test_without_the_facility_it_is_no_operation(
    cpu: Cpu, run: Run, expect: Expect, mnemonic: str, facility: Facility
) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - {facility}
    with expect(Code.OPERATION):
        run(cpu, mnemonic)


def test_cpu_identification(cpu: Cpu, run: Run) -> None:
    cpu.gr[2] = BLOCK
    run(cpu, "STIDP", b2=2)
    assert cpu.configuration.storage.read(BLOCK, 8) == bytes.fromhex("ff 012345 3906 0000")


# Topology

HORIZONTAL, VERTICAL, CHECK = 0, 1, 2


def perform(cpu: Cpu, run: Run, function: int) -> tuple[int, int]:
    cpu.gr[5] = function
    cpu.cc = 3
    run(cpu, "PTF", r1=5)
    return cpu.cc, cpu.gr[5]


def test_polarization(cpu: Cpu, run: Run) -> None:
    assert perform(cpu, run, CHECK) == (0, CHECK)
    assert perform(cpu, run, HORIZONTAL) == (2, 0x100)
    assert perform(cpu, run, VERTICAL) == (0, VERTICAL)
    assert perform(cpu, run, CHECK) == (1, CHECK)
    assert perform(cpu, run, CHECK) == (0, CHECK)
    assert perform(cpu, run, VERTICAL) == (2, 0x101)
    assert perform(cpu, run, HORIZONTAL) == (0, HORIZONTAL)


@pytest.mark.parametrize("function", (3, 0xFF, 0x100, 1 << 63))
def test_topology_functions_that_are_none(cpu: Cpu, run: Run, expect: Expect, function: int) -> None:
    with expect(Code.SPECIFICATION):
        perform(cpu, run, function)


def test_topology_block(cpu: Cpu, run: Run) -> None:
    assert store(cpu, run, 15, 1, 2) == 0
    assert number(cpu, 2, 2) == 16 + 8 + 16
    assert (number(cpu, 8, 1), number(cpu, 9, 1), number(cpu, 11, 1)) == (1, 8, 2)
    assert number(cpu, 16, 1) == 1
    assert number(cpu, 24, 8) == 3 << 16
    assert number(cpu, 32, 8) == 1 << 63


def test_topology_block_of_many_cpus(run: Run) -> None:
    cpu = Machine(4 * MEGABYTE, cpus=66).cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    assert store(cpu, run, 15, 1, 2) == 0
    assert number(cpu, 2, 2) == 16 + 8 + 32
    assert number(cpu, 32, 8) == (1 << 64) - 1
    assert number(cpu, 46, 2) == 64
    assert number(cpu, 48, 8) == 3 << 62


def test_topology_block_shows_the_polarization_and_takes_the_report(cpu: Cpu, run: Run) -> None:
    perform(cpu, run, VERTICAL)
    store(cpu, run, 15, 1, 2)
    assert number(cpu, 28, 1) == 3
    assert perform(cpu, run, CHECK) == (0, CHECK)


def test_topology_block_needs_the_facility(cpu: Cpu, run: Run) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - {Facility.CONFIGURATION_TOPOLOGY}
    assert store(cpu, run, 15, 1, 2) == 3
