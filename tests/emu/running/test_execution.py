# SPDX-License-Identifier: GPL-2.0-or-later
"""One declared instruction, and the interruption that comes of it (PoP 5, "Instruction Execution"; 6, "Priority of
Program-Interruption Conditions" and "Early Exception Recognition")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.hypervisor import FirstTouchHypervisor, FrameShortage
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE, Psw
from emu.running.execution import check_loaded_psw, deliver, execute, run_declared
from emu.running.stops import StopKind, StopRun

Code = ProgramInterruptionCode
Expect = Callable[[ProgramInterruptionCode], Any]

START, HANDLER, TARGET, DATA = 0x10000, 0x20000, 0x30000, 0x40000
SPM_1, STAP, PFMF, NO_INSTRUCTION = (bytes.fromhex(code) for code in ("0410", "b2124000", "b9af0012", "0000"))
STAP_WORK = 16
"""What a control instruction is reckoned at beyond one unit; the unit is counted when it is retired."""


@pytest.fixture
def cpu(cpu: Cpu) -> Cpu:
    """The CPU, with a program new PSW and with the address of data in general register 4."""
    cpu.configuration.storage.write(0x1D0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    cpu.gr[4] = DATA
    return cpu


def program_interruption(cpu: Cpu) -> tuple[int, int, Psw]:
    """The length, the code and the old PSW that a program interruption has stored."""
    storage = cpu.configuration.storage
    word = storage.read_integer(0x8C, 4)
    return word >> 16, word & 0xFFFF, Psw.from_bytes(storage.read(0x150, 16))


# Whether it is executed


def test_bytes_that_are_no_instruction_are_an_operation_exception_and_are_noted(cpu: Cpu, expect: Expect) -> None:
    with expect(Code.OPERATION):
        execute(cpu, NO_INSTRUCTION, START, 2)
    assert cpu.configuration.counts.unmodelled == {"0000": 1}
    assert not cpu.configuration.counts.instructions
    assert cpu.instruction_address == START


def without_enhanced_dat() -> Cpu:
    cpu = Machine(MEGABYTE, facilities=DEFAULT_FACILITIES - {Facility.EDAT_1}).cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    return cpu


def test_an_instruction_whose_facility_is_not_installed_is_an_operation_exception(expect: Expect) -> None:
    cpu = without_enhanced_dat()
    with expect(Code.OPERATION):
        execute(cpu, PFMF, START, 4)
    assert cpu.configuration.counts.unmodelled == {"b9af0012": 1}


def test_the_operation_exception_has_priority_over_privileged_operation(expect: Expect) -> None:
    cpu = without_enhanced_dat()
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, START))
    with expect(Code.OPERATION):
        execute(cpu, PFMF, START, 4)


def test_a_privileged_instruction_is_not_executed_in_the_problem_state(cpu: Cpu, expect: Expect) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, START))
    cpu.configuration.storage.write(DATA, b"\xff\xff")
    with expect(Code.PRIVILEGED_OPERATION):
        execute(cpu, STAP, START, 4)
    assert cpu.configuration.storage.read(DATA, 2) == b"\xff\xff"
    assert not cpu.configuration.counts.instructions
    assert cpu.instruction_address == START


def test_an_instruction_that_is_not_privileged_is_executed_in_the_problem_state(cpu: Cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, START))
    cpu.gr[1] = 0x2000_0000
    execute(cpu, SPM_1, START, 2)
    assert cpu.cc == 2


def test_an_executed_instruction_is_counted_and_the_psw_is_behind_it(cpu: Cpu) -> None:
    work = cpu.configuration.timing.work
    execute(cpu, STAP, START, 4)
    assert cpu.configuration.counts.instructions == {"STAP": 1}
    assert cpu.configuration.timing.work == work + STAP_WORK
    assert cpu.instruction_address == START + 4


@pytest.mark.parametrize(("mode", "last"), ((0, 0xFF_FFFE), (BASIC_ADDRESSING, 0x7FFF_FFFE)))
def test_the_address_of_the_next_instruction_wraps_in_the_addressing_mode(cpu: Cpu, mode: int, last: int) -> None:
    cpu.load_psw(Psw(mode, last))
    execute(cpu, STAP, last, 4)
    assert cpu.instruction_address == 2


def test_an_instruction_that_an_exception_suppresses_is_counted_but_the_psw_stays(cpu: Cpu, expect: Expect) -> None:
    cpu.gr[4] = DATA + 1
    with expect(Code.SPECIFICATION):
        execute(cpu, STAP, START, 4)
    assert cpu.configuration.counts.instructions == {"STAP": 1}
    assert cpu.instruction_address == START


class OneFrameTooFew(FirstTouchHypervisor):
    """Has no frame for stores."""

    def frame_for_store(self, page: int) -> int:
        raise FrameShortage


def test_an_instruction_that_must_be_executed_again_is_not_counted_twice() -> None:
    machine = Machine(MEGABYTE, hypervisor=OneFrameTooFew)
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.gr[4] = DATA
    with pytest.raises(FrameShortage):
        execute(cpu, STAP, START, 4)
    assert +machine.counts.instructions == {}
    assert machine.timing.work == 0
    assert cpu.instruction_address == START


# As the target of EXECUTE


def test_a_target_has_the_length_of_execute_and_counts_relative_operands_from_itself(cpu: Cpu) -> None:
    execute(cpu, SPM_1, START, 6, target_address=TARGET)
    assert cpu.instruction_length == 6
    assert cpu.instruction_address == START + 6
    assert cpu.relative_address(4) == TARGET + 8


def test_without_execute_relative_operands_count_from_the_instruction(cpu: Cpu) -> None:
    execute(cpu, SPM_1, START, 2)
    assert cpu.relative_address(4) == START + 8


def put_target(cpu: Cpu, code: str) -> bytes:
    """Store a target; give EXECUTE of it, with general register 2 as the modifier."""
    cpu.configuration.storage.write(TARGET, bytes.fromhex(code))
    cpu.gr[5] = TARGET
    return bytes.fromhex("44205000")


def test_execute_executes_its_target_modified(cpu: Cpu) -> None:
    cpu.gr[2], cpu.gr[7] = 0x70, 0x3000_0000
    # SPM 0, modified to SPM 7.
    assert run_declared(cpu, put_target(cpu, "0400"), START)
    assert cpu.cc == 3
    assert cpu.instruction_address == START + 4


def test_relative_operands_of_the_target_of_execute_count_from_the_target(cpu: Cpu) -> None:
    run_declared(cpu, put_target(cpu, "0400"), START)
    assert cpu.relative_address(4) == TARGET + 8


def test_an_exception_of_the_target_is_one_of_execute(cpu: Cpu) -> None:
    assert not run_declared(cpu, put_target(cpu, "0000"), START)
    assert program_interruption(cpu) == (4, Code.OPERATION, Psw(ADDRESSING_MODE, START + 4))


def test_execute_of_execute_is_an_execute_exception(cpu: Cpu) -> None:
    assert not run_declared(cpu, put_target(cpu, "44005000"), START)
    assert program_interruption(cpu) == (4, Code.EXECUTE, Psw(ADDRESSING_MODE, START + 4))


# What comes of it


def test_a_completed_instruction_is_executed_and_interrupts_nothing(cpu: Cpu) -> None:
    assert run_declared(cpu, STAP, START)
    assert cpu.instruction_address == START + 4


def test_a_suppressed_instruction_is_not_executed_and_its_interruption_is_taken(cpu: Cpu) -> None:
    cpu.gr[4] = DATA + 1
    assert not run_declared(cpu, STAP, START)
    assert program_interruption(cpu) == (4, Code.SPECIFICATION, Psw(ADDRESSING_MODE, START + 4))
    assert cpu.psw == Psw(ADDRESSING_MODE, HANDLER)


def test_an_instruction_completed_with_an_interruption_is_executed(cpu: Cpu) -> None:
    # Monitor class 1, whose mask is CR8 bit 49.
    cpu.set_control_register(8, 1 << 63 - 49)
    assert run_declared(cpu, bytes.fromhex("af010000"), START)
    assert program_interruption(cpu) == (4, Code.MONITOR_EVENT, Psw(ADDRESSING_MODE, START + 4))


def test_a_nullified_instruction_is_not_executed_and_the_old_psw_designates_it(cpu: Cpu) -> None:
    condition = ProgramInterruption(Code.PAGE_TRANSLATION, ending=Ending.NULLIFICATION)
    deliver(cpu, condition, START, 4)
    assert program_interruption(cpu) == (4, Code.PAGE_TRANSLATION, Psw(ADDRESSING_MODE, START))
    assert cpu.configuration.counts.program_interruptions == {Code.PAGE_TRANSLATION: 1}


def test_a_program_new_psw_that_is_never_valid_is_a_string_of_interruptions(cpu: Cpu) -> None:
    # Bit 0 must be zero.
    cpu.configuration.storage.write(0x1D0, Psw(1 << 63 | ADDRESSING_MODE, HANDLER).to_bytes())
    with pytest.raises(StopRun) as ended:
        deliver(cpu, ProgramInterruption(Code.OPERATION), START, 2)
    assert ended.value.stop.kind is StopKind.PROGRAM_LOOP
    assert program_interruption(cpu)[:2] == (0, Code.SPECIFICATION)


# Early exceptions


def test_a_psw_that_was_loaded_whole_is_an_early_exception_without_a_length(cpu: Cpu) -> None:
    invalid = Psw(1 << 63 - 4 | ADDRESSING_MODE, 0x5550)
    cpu.configuration.storage.write(DATA, invalid.to_bytes())
    # LPSWE 0(4): the instruction is completed, and the old PSW is the invalid one as it is.
    assert run_declared(cpu, bytes.fromhex("b2b24000"), START)
    assert program_interruption(cpu) == (0, Code.SPECIFICATION, invalid)
    assert cpu.psw == Psw(ADDRESSING_MODE, HANDLER)


def test_a_psw_of_which_a_part_was_replaced_is_an_early_exception_with_the_length(cpu: Cpu) -> None:
    cpu.configuration.storage.write(DATA, b"\x08")
    # SSM 0(4): bit 4 becomes one.
    assert run_declared(cpu, bytes.fromhex("80004000"), START)
    assert program_interruption(cpu) == (4, Code.SPECIFICATION, Psw(1 << 63 - 4 | ADDRESSING_MODE, START + 4))


def test_a_valid_psw_is_no_exception(cpu: Cpu) -> None:
    valid = Psw(ADDRESSING_MODE | 3 << 52, 0x5550)
    cpu.load_psw(valid)
    check_loaded_psw(cpu)
    assert cpu.psw == valid
    assert not cpu.psw_loaded


def test_an_early_exception_is_counted(cpu: Cpu) -> None:
    cpu.load_psw(Psw(1 << 63, 0))
    check_loaded_psw(cpu)
    assert cpu.configuration.counts.program_interruptions == {Code.SPECIFICATION: 1}
    assert not cpu.psw_loaded


def test_without_storage_keys_a_key_in_the_psw_is_an_early_exception() -> None:
    machine = Machine(MEGABYTE, facilities=DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL})
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    cpu = machine.cpus[0]
    with_key = Psw(ADDRESSING_MODE | 3 << 52, 0x5550)
    cpu.load_psw(with_key)
    check_loaded_psw(cpu)
    assert program_interruption(cpu) == (0, Code.SPECIFICATION, with_key)
