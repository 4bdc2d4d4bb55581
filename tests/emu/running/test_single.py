# SPDX-License-Identifier: GPL-2.0-or-later
"""One instruction, executed alone, and what becomes of each thing that the engine comes back with (PoP 5 and 6)."""

from __future__ import annotations

from typing import Any

import pytest

from emu.cpu import Cpu
from emu.engine.exits import Condition, Declared, ExecutedAlone, Shortage, Stepped, SupervisorCall
from emu.events import Observer
from emu.hypervisor import FrameShortage
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, Psw
from emu.running.single import execute_alone, handle

Code = ProgramInterruptionCode

START, PROGRAM_HANDLER, SVC_HANDLER = 0x10000, 0x20000, 0x30000
OVERFLOW_MASK = 1 << 63 - 20


@pytest.fixture
def cpu(cpu: Cpu) -> Cpu:
    """The CPU, with the new PSWs for program interruptions and supervisor calls."""
    write = cpu.configuration.storage.write
    write(0x1D0, Psw(ADDRESSING_MODE, PROGRAM_HANDLER).to_bytes())
    write(0x1C0, Psw(ADDRESSING_MODE, SVC_HANDLER).to_bytes())
    return cpu


class Listener(Observer):
    """Notes the instructions that it is told of."""

    def __init__(self, *, wants_instructions: bool = True) -> None:
        self.wants_instructions = wants_instructions
        self.told: list[tuple[int, str]] = []

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        self.told.append((address, instruction.hex()))


class Engine:
    """Comes back from every step with the same."""

    def __init__(self, ended: object) -> None:
        self._ended = ended
        self.stepped: list[str] = []

    def step(self, instruction: bytes) -> Any:
        self.stepped.append(instruction.hex())
        return self._ended


def put(cpu: Cpu, code: str) -> None:
    cpu.configuration.storage.write(cpu.instruction_address, bytes.fromhex(code))


def alone(cpu: Cpu) -> None:
    """Execute the next instruction of *cpu* on its own engine."""
    execute_alone(cpu, cpu.tlb)


def program_interruption(cpu: Cpu) -> tuple[int, int, Psw]:
    """The length, the code and the old PSW that a program interruption has stored."""
    storage = cpu.configuration.storage
    word = storage.read_integer(0x8C, 4)
    return word >> 16, word & 0xFFFF, Psw.from_bytes(storage.read(0x150, 16))


# One instruction


@pytest.mark.parametrize(("code", "length"), (("1812", 2), ("a7190007", 4), ("c01900000007", 6), ("b2124000", 4)))
def test_exactly_one_instruction_is_executed_and_counted(cpu: Cpu, code: str, length: int) -> None:
    put(cpu, code + "a7390001")
    alone(cpu)
    assert cpu.instruction_address == START + length
    assert cpu.executed == 1
    assert cpu.gr[3] == 0


def test_an_odd_instruction_address_is_a_specification_exception(cpu: Cpu) -> None:
    put(cpu, "a7190007")
    cpu.instruction_address = START + 1
    alone(cpu)
    assert program_interruption(cpu)[1] == Code.SPECIFICATION
    assert cpu.instruction_address == PROGRAM_HANDLER
    assert cpu.executed == 0


def test_an_instruction_outside_storage_is_an_addressing_exception(cpu: Cpu) -> None:
    cpu.instruction_address = 1 << 40
    alone(cpu)
    assert program_interruption(cpu)[1] == Code.ADDRESSING
    assert cpu.executed == 0


def test_a_translation_exception_of_the_fetch_is_nullifying(cpu: Cpu) -> None:
    # A segment table at absolute 0x40000 of 512 entries, all of them invalid.
    cpu.configuration.storage.write(0x40000, bytes.fromhex("0000000000000020") * 512)
    cpu.set_control_register(1, 0x40000)
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT, START))
    alone(cpu)
    assert program_interruption(cpu)[1:] == (Code.SEGMENT_TRANSLATION, Psw(ADDRESSING_MODE | DAT, START))


def test_a_fixed_point_overflow_is_completed_if_the_mask_asks_for_an_interruption(cpu: Cpu) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | OVERFLOW_MASK, START))
    cpu.gr[1], cpu.gr[2] = 0x7FFF_FFFF, 1
    # AR 1,2
    put(cpu, "1a12")
    alone(cpu)
    old = Psw(ADDRESSING_MODE | OVERFLOW_MASK | 3 << 44, START + 2)
    assert program_interruption(cpu) == (2, Code.FIXED_POINT_OVERFLOW, old)
    assert cpu.gr[1] == 0x8000_0000
    assert cpu.executed == 1


def test_without_the_mask_an_overflow_interrupts_nothing(cpu: Cpu) -> None:
    cpu.gr[1], cpu.gr[2] = 0x7FFF_FFFF, 1
    put(cpu, "1a12")
    alone(cpu)
    assert cpu.psw == Psw(ADDRESSING_MODE | 3 << 44, START + 2)


# Observers


@pytest.mark.parametrize(("code", "told"), (("a7190007", "a7190007"), ("0a07", "0a07"), ("00000000", "0000")))
def test_an_observer_is_told_of_the_instruction_however_it_ended(cpu: Cpu, code: str, told: str) -> None:
    listener = Listener()
    cpu.configuration.observers.append(listener)
    put(cpu, code)
    alone(cpu)
    assert listener.told == [(START, told)]


@pytest.mark.parametrize("address", (START + 1, 1 << 40))
def test_an_instruction_that_could_not_be_fetched_has_no_bytes(cpu: Cpu, address: int) -> None:
    listener = Listener()
    cpu.configuration.observers.append(listener)
    cpu.instruction_address = address
    alone(cpu)
    assert listener.told == [(address, "")]


def test_an_observer_that_wants_no_instructions_is_not_told(cpu: Cpu) -> None:
    listener = Listener(wants_instructions=False)
    cpu.configuration.observers.append(listener)
    put(cpu, "1812")
    alone(cpu)
    assert listener.told == []


# What the engine comes back with


def test_a_declared_instruction_is_executed_and_counted(cpu: Cpu) -> None:
    work = cpu.configuration.timing.work
    # STAP 0(4)
    cpu.gr[4] = 0x40000
    handle(cpu, Engine(None), Declared(bytes.fromhex("b2124000")))
    assert cpu.instruction_address == START + 4
    assert cpu.executed == 1
    # The unit that every instruction is, and 16 for a control instruction.
    assert cpu.configuration.timing.work == work + 17


def test_a_declared_instruction_that_is_suppressed_is_not_counted(cpu: Cpu) -> None:
    cpu.gr[4] = 0x40001
    handle(cpu, Engine(None), Declared(bytes.fromhex("b2124000")))
    assert program_interruption(cpu) == (4, Code.SPECIFICATION, Psw(ADDRESSING_MODE, START + 4))
    assert cpu.executed == 0


@pytest.mark.parametrize("length", (2, 4, 6))
def test_a_supervisor_call_is_counted_and_its_old_psw_is_behind_it(cpu: Cpu, length: int) -> None:
    work = cpu.configuration.timing.work
    handle(cpu, Engine(None), SupervisorCall(0x42, length))
    storage = cpu.configuration.storage
    assert storage.read_integer(0x88, 4) == length << 16 | 0x42
    assert Psw.from_bytes(storage.read(0x140, 16)) == Psw(ADDRESSING_MODE, START + length)
    assert cpu.psw == Psw(ADDRESSING_MODE, SVC_HANDLER)
    assert cpu.executed == 1
    # The unit of the instruction, and 64 for an interruption.
    assert cpu.configuration.timing.work == work + 65


def test_the_address_behind_a_supervisor_call_wraps(cpu: Cpu) -> None:
    cpu.load_psw(Psw(BASIC_ADDRESSING, 0x7FFF_FFFE))
    handle(cpu, Engine(None), SupervisorCall(1, 2))
    assert Psw.from_bytes(cpu.configuration.storage.read(0x140, 16)).address == 0


def test_an_invalid_new_psw_of_a_supervisor_call_is_an_early_exception(cpu: Cpu) -> None:
    invalid = Psw(1 << 63 | ADDRESSING_MODE, SVC_HANDLER)
    cpu.configuration.storage.write(0x1C0, invalid.to_bytes())
    handle(cpu, Engine(None), SupervisorCall(1, 2))
    assert program_interruption(cpu) == (0, Code.SPECIFICATION, invalid)


@pytest.mark.parametrize("length", (2, 4, 6))
def test_a_condition_is_an_interruption_of_that_length_and_nothing_is_counted(cpu: Cpu, length: int) -> None:
    handle(cpu, Engine(None), Condition(ProgramInterruption(Code.ADDRESSING), length))
    assert program_interruption(cpu) == (length, Code.ADDRESSING, Psw(ADDRESSING_MODE, START + length))
    assert cpu.executed == 0


def test_a_completing_condition_leaves_the_old_psw_behind_the_instruction(cpu: Cpu) -> None:
    cpu.next_address = 0x7770
    handle(cpu, Engine(None), Condition(ProgramInterruption(Code.DECIMAL_OVERFLOW), 6))
    assert program_interruption(cpu) == (6, Code.DECIMAL_OVERFLOW, Psw(ADDRESSING_MODE, START + 6))


def test_an_instruction_to_be_executed_alone_is_one_step_of_the_engine(cpu: Cpu) -> None:
    put(cpu, "a7190007 a7190008")
    engine = Engine(Stepped(overflowed=False))
    handle(cpu, engine, ExecutedAlone())
    assert engine.stepped == ["a7190007"]


def test_a_shortage_leaves_the_instruction_to_be_executed_again(cpu: Cpu) -> None:
    with pytest.raises(FrameShortage):
        handle(cpu, Engine(None), Shortage())
    assert cpu.instruction_address == START
    assert cpu.executed == 0


def test_what_a_step_ends_in_is_handled(cpu: Cpu) -> None:
    put(cpu, "0a42")
    execute_alone(cpu, Engine(SupervisorCall(0x42, 2)))
    assert cpu.psw == Psw(ADDRESSING_MODE, SVC_HANDLER)
