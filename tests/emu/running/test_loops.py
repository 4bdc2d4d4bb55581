# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognising that a guest does the same for ever (PoP 6, "Priority of Interruptions": strings of interruptions).

That such a string ends the run, and after how many, is this machine's own; on a real one only a reset breaks it.
"""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.hypervisor import FirstTouchHypervisor
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK, Psw
from emu.running.loops import note_interruption, note_program_interruption, recognise_endless_loop
from emu.running.stops import StopKind, StopRun

OPERATION = ProgramInterruption(ProgramInterruptionCode.OPERATION)
START = 0x10000
IN_A_ROW = 16
"""Program interruptions that are no loop yet."""
OTHERS_IN_A_ROW = 1000
"""Other interruptions that are none yet."""


def interrupt(cpu: Cpu, times: int) -> None:
    for _ in range(times):
        note_program_interruption(cpu, OPERATION, START)


def interrupt_otherwise(cpu: Cpu, times: int) -> None:
    for _ in range(times):
        note_interruption(cpu)


# Program interruptions


def test_program_interruptions_in_a_row_are_a_loop_that_is_named(cpu: Cpu) -> None:
    interrupt(cpu, IN_A_ROW)
    with pytest.raises(StopRun) as ended:
        interrupt(cpu, 1)
    assert ended.value.stop.kind is StopKind.PROGRAM_LOOP
    assert ended.value.stop.text == "program-interruption loop at 0x10000: operation (0x0001), over and over"


def test_an_instruction_between_program_interruptions_breaks_the_loop(cpu: Cpu) -> None:
    interrupt(cpu, IN_A_ROW)
    cpu.executed += 1
    interrupt(cpu, IN_A_ROW)
    with pytest.raises(StopRun):
        interrupt(cpu, 1)


def test_a_program_interruption_of_another_cpu_is_none_of_the_loop() -> None:
    first, second = Machine(MEGABYTE, cpus=2).cpus
    interrupt(first, IN_A_ROW)
    interrupt(second, IN_A_ROW)
    with pytest.raises(StopRun) as ended:
        interrupt(second, 1)
    assert ended.value.stop.cpu == 1


def test_program_interruptions_are_counted_by_their_codes(cpu: Cpu) -> None:
    interrupt(cpu, 2)
    note_program_interruption(cpu, ProgramInterruption(ProgramInterruptionCode.DATA), START)
    assert cpu.configuration.counts.program_interruptions == {0x01: 2, 0x07: 1}


def test_the_host_is_told_of_each_program_interruption() -> None:
    told = []

    class Host(FirstTouchHypervisor):
        def refused(self, condition: ProgramInterruption) -> None:
            told.append(condition)

    machine = Machine(MEGABYTE, hypervisor=Host)
    interrupt(machine.cpus[0], 2)
    assert told == [OPERATION, OPERATION]


# Other interruptions


def test_very_many_other_interruptions_in_a_row_are_a_loop_that_is_named(cpu: Cpu) -> None:
    interrupt_otherwise(cpu, OTHERS_IN_A_ROW)
    with pytest.raises(StopRun) as ended:
        interrupt_otherwise(cpu, 1)
    assert ended.value.stop.kind is StopKind.INTERRUPTION_LOOP
    assert ended.value.stop.text == "interruption loop: 1001 in a row, the last new PSW at 0x10000"


def test_an_instruction_between_other_interruptions_breaks_the_loop(cpu: Cpu) -> None:
    interrupt_otherwise(cpu, OTHERS_IN_A_ROW)
    cpu.executed += 1
    interrupt_otherwise(cpu, OTHERS_IN_A_ROW)
    with pytest.raises(StopRun):
        interrupt_otherwise(cpu, 1)


def test_program_and_other_interruptions_are_counted_apart(cpu: Cpu) -> None:
    interrupt_otherwise(cpu, 2 * IN_A_ROW)
    interrupt(cpu, IN_A_ROW)
    interrupt_otherwise(cpu, OTHERS_IN_A_ROW - 2 * IN_A_ROW)
    assert cpu.configuration.counts.program_interruptions == {0x01: IN_A_ROW}
    with pytest.raises(StopRun, match="interruption loop: 1001"):
        interrupt_otherwise(cpu, 1)


# A branch to itself


@pytest.mark.parametrize("code", ("a7f40000", "c0f400000000"), ids=("BRC", "BRCL"))
def test_a_disabled_branch_to_itself_is_an_endless_loop(cpu: Cpu, code: str) -> None:
    cpu.configuration.storage.write(START, bytes.fromhex(code))
    with pytest.raises(StopRun) as ended:
        recognise_endless_loop(cpu)
    assert ended.value.stop.kind is StopKind.ENDLESS_LOOP
    assert ended.value.stop.text == "endless loop: disabled branch to itself at 0x10000"


@pytest.mark.parametrize("code", ("a7f40002", "a7e40000", "a7f50000", "c0f4fffffffe", "0700"))
def test_any_other_instruction_is_no_endless_loop(cpu: Cpu, code: str) -> None:
    cpu.configuration.storage.write(START, bytes.fromhex(code))
    recognise_endless_loop(cpu)


@pytest.mark.parametrize("mask", (EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK))
def test_an_interruption_may_end_a_loop_that_is_enabled_for_it(cpu: Cpu, mask: int) -> None:
    cpu.configuration.storage.write(START, bytes.fromhex("a7f40000"))
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, START))
    recognise_endless_loop(cpu)


def test_an_instruction_that_cannot_be_fetched_is_no_endless_loop(cpu: Cpu) -> None:
    # With DAT on, and an invalid region table at absolute 0.
    cpu.set_control_register(1, 0)
    cpu.configuration.storage.write(0, bytes.fromhex("00000000 00000020"))
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT, START))
    recognise_endless_loop(cpu)
