# SPDX-License-Identifier: GPL-2.0-or-later
"""Without a facility its instructions are operation exceptions, also those that Unicorn executes; others stay."""

from __future__ import annotations

from functools import cache

import pytest

from emu import lowcore
from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.coverage.probe import OPERAND_FIELDS, Conditions, Probe
from emu.coverage.report import Treatment, findings
from emu.cpu import CpuState
from emu.engine.interception import is_missing, missing_opcodes
from emu.facilities import DEFAULT_FACILITIES, OFFERED, installed
from emu.isa.facility_table import OF_FACILITIES, facility_of
from emu.isa.opcodes import Opcode, parse_list
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, Psw

WITH_INSTRUCTIONS = sorted(OFFERED & OF_FACILITIES.keys())
PROGRAM, NEW_ADDRESS = 0x1_0000, 0x8000
ADD_THREE_REGISTERS = "b9e83012"
"""AGRK 1,2,3, of facility 45."""


@cache
def without(number: int) -> frozenset[int]:
    return installed(removed=frozenset({number}))


@pytest.mark.parametrize("is_free", (True, False), ids=("free", "steps"))
@pytest.mark.parametrize("number", WITH_INSTRUCTIONS)
def test_without_it_its_instructions_are_operation_exceptions(number: int, is_free: bool) -> None:
    probe = Probe(Conditions(without(number), is_free=is_free))
    executed = [
        str(opcode)
        for opcode in sorted(parse_list(OF_FACILITIES[number]))
        for fields in OPERAND_FIELDS[:2]
        if not probe.is_operation_exception(opcode, fields)
    ]
    assert executed == []


def test_all_others_stay() -> None:
    facilities = installed(removed=frozenset({18, 45, 49}))
    assert [str(each.opcode) for each in findings(facilities) if each.treatment is Treatment.WRONG] == []


@pytest.mark.parametrize("code", ("b92e0024", "b92a0024", "b93c0024", "b9280000", "e7123000006c", "e7123000006f"))
def test_what_no_machine_has_is_missing_in_all(code: str) -> None:
    machine = machine_with(DEFAULT_FACILITIES, code)
    machine.run(3)
    assert interruption_of(machine) == ProgramInterruptionCode.OPERATION


def machine_with(facilities: frozenset[int], code: str) -> Machine:
    machine = Machine(4 * MEGABYTE, facilities=facilities)
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    cpu.load_psw(Psw(ADDRESSING_MODE, PROGRAM))
    cpu.psw_loaded = False
    machine.storage.write(PROGRAM, bytes.fromhex(code) + bytes.fromhex("0700") * 40)
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE, NEW_ADDRESS).to_bytes())
    machine.storage.write(NEW_ADDRESS, bytes.fromhex("0700") * 8)
    machine.storage.write(PROGRAM + 0x20, bytes.fromhex(ADD_THREE_REGISTERS))
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = 0x1111, PROGRAM + 0x20, PROGRAM + 0x20
    return machine


def interruption_of(machine: Machine) -> int:
    return machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2)


@pytest.mark.parametrize("is_free", (True, False), ids=("free", "steps"))
@pytest.mark.parametrize(
    "code", ("44002000", "c60000000010", f"1874{ADD_THREE_REGISTERS}"), ids=("EX", "EXRL", "second")
)
def test_also_as_a_target_and_within_a_block(code: str, is_free: bool) -> None:
    for facilities, expected in ((without(45), ProgramInterruptionCode.OPERATION), (DEFAULT_FACILITIES, 0)):
        machine = machine_with(facilities, code)
        if is_free:
            machine.run(3)
        else:
            for _ in range(3):
                machine.step()
        assert interruption_of(machine) == expected
        assert (machine.cpus[0].gr[1] == 0x1111) is (expected != 0)


@pytest.mark.parametrize("is_free", (True, False), ids=("free", "steps"))
@pytest.mark.parametrize("code", ("44002000", "c60000000010"), ids=("EX", "EXRL"))
def test_a_target_that_is_an_execute_only_with_its_facility(code: str, is_free: bool) -> None:
    """EXECUTE RELATIVE LONG is of facility 35."""
    for facilities, expected in (
        (without(35), ProgramInterruptionCode.OPERATION),
        (DEFAULT_FACILITIES, ProgramInterruptionCode.EXECUTE),
    ):
        machine = machine_with(facilities, code)
        machine.storage.write(PROGRAM + 0x20, bytes.fromhex("c60000000010"))
        if is_free:
            machine.run(3)
        else:
            for _ in range(3):
                machine.step()
        assert interruption_of(machine) == expected


@pytest.mark.parametrize("is_free", (True, False), ids=("free", "steps"))
@pytest.mark.parametrize("code", ("e70120000006", f"1874{'e70120000006'}"), ids=("first", "second"))
def test_vector_instructions_whose_registers_are_not_permitted(code: str, is_free: bool) -> None:
    """An operation exception comes before the data exception of control register 0 (PoP 6, "Priority")."""
    for facilities, expected in (
        (without(129), ProgramInterruptionCode.OPERATION),
        (DEFAULT_FACILITIES, ProgramInterruptionCode.DATA),
    ):
        machine = machine_with(facilities, code)
        machine.cpus[0].set_control_register(0, 0xE0)
        if is_free:
            machine.run(3)
        else:
            for _ in range(3):
                machine.step()
        assert interruption_of(machine) == expected


def test_machines_with_different_facilities_run_side_by_side() -> None:
    first, second = (
        machine_with(without(45), ADD_THREE_REGISTERS),
        machine_with(DEFAULT_FACILITIES, ADD_THREE_REGISTERS),
    )
    for machine in (first, second, first, second):
        machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, PROGRAM))
        machine.cpus[0].psw_loaded = False
        machine.run(2)
    assert first.cpus[0].gr[1] == 0x1111
    assert second.cpus[0].gr[1] == 2 * (PROGRAM + 0x20)


def test_what_the_engine_would_execute() -> None:
    assert missing_opcodes(frozenset(OF_FACILITIES)) == frozenset()
    assert all(facility_of(each) not in OFFERED for each in missing_opcodes(OFFERED))
    assert Opcode.parse("B92E") in missing_opcodes(OFFERED)
    assert is_missing(bytes.fromhex(ADD_THREE_REGISTERS), without(45))
    assert not is_missing(bytes.fromhex(ADD_THREE_REGISTERS), DEFAULT_FACILITIES)
    assert not is_missing(bytes.fromhex("1812"), frozenset())
