# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine as a whole: how runs end, waits, turns, check-stops, and what it notes."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu, CpuState
from emu.events import Observer
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.machine import MEGABYTE, Machine, StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import (
    ADDRESSING_MODE,
    DAT,
    EXTERNAL_MASK,
    IO_MASK,
    MACHINE_CHECK_MASK,
    WAIT,
    Psw,
)
from tests.support.every_instruction import EveryInstruction

Code = ProgramInterruptionCode

START = 0x10000
HANDLER_WAIT = 0xABC
CLOCK_COMPARATOR, CPU_TIMER, MALFUNCTION_ALERT = 1 << 63 - 52, 1 << 63 - 53, 1 << 63 - 48
MICROSECOND = 4096
"""TOD-clock bit 51."""
BEYOND = 0x400000


def disabled_wait(address: int) -> bytes:
    """A PSW that ends the run at *address*."""
    return Psw(ADDRESSING_MODE | WAIT, address).to_bytes()


def load(cpu: Cpu, mask: int, address: int = START) -> None:
    """Start *cpu* with a PSW in the 64-bit addressing mode."""
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, address))
    cpu.psw_loaded = False


def external_old_psw(machine: Machine) -> Psw:
    return Psw.from_bytes(machine.storage.read(0x130, 16))


# What a machine is made of


@pytest.mark.parametrize("memory", (0, -MEGABYTE, MEGABYTE + 4096, MEGABYTE // 2))
def test_a_memory_size_that_is_no_multiple_of_a_megabyte(memory: int) -> None:
    with pytest.raises(ValueError, match=rf"^the memory size must be a multiple of 1 MB, not {memory} bytes$"):
        Machine(memory)


@pytest.mark.parametrize("cpus", (0, 249))
def test_an_impossible_number_of_cpus(cpus: int) -> None:
    with pytest.raises(ValueError, match=rf"^a configuration has 1 to 248 CPUs, not {cpus}$"):
        Machine(MEGABYTE, cpus=cpus)


def test_a_new_machine_is_stopped() -> None:
    stop = Machine(MEGABYTE, cpus=2).run()
    assert stop.kind is StopKind.ALL_STOPPED


# Waits


def test_a_wait_goes_to_the_clock_comparator_at_once(machine: Machine, cpu: Cpu) -> None:
    machine.storage.write(0x1B0, disabled_wait(HANDLER_WAIT))
    cpu.set_control_register(0, CLOCK_COMPARATOR)
    due = machine.timing.tod + 3_600_000_000 * MICROSECOND
    cpu.clock_comparator = due
    load(cpu, WAIT | EXTERNAL_MASK)
    stop = machine.run()
    assert (stop.kind, stop.psw.address) == (StopKind.DISABLED_WAIT, HANDLER_WAIT)
    assert machine.storage.read_integer(0x84, 4) == 0x1004
    assert external_old_psw(machine) == Psw(ADDRESSING_MODE | WAIT | EXTERNAL_MASK, START)
    assert 0 < machine.timing.tod - due < MICROSECOND


def test_a_wait_goes_to_the_earlier_of_two_events(machine: Machine, cpu: Cpu) -> None:
    machine.storage.write(0x1B0, disabled_wait(HANDLER_WAIT))
    cpu.set_control_register(0, CLOCK_COMPARATOR | CPU_TIMER)
    before = machine.timing.tod
    cpu.clock_comparator = before + 900 * MICROSECOND
    machine.timing.set_cpu_timer(cpu, 300 * MICROSECOND)
    load(cpu, WAIT | EXTERNAL_MASK)
    machine.run()
    assert machine.storage.read_integer(0x84, 4) == 0x1005
    assert 300 * MICROSECOND < machine.timing.tod - before < 301 * MICROSECOND


@pytest.mark.parametrize("mask", (EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK))
def test_an_enabled_wait_without_any_event(machine: Machine, cpu: Cpu, mask: int) -> None:
    cpu.set_control_register(0, 0)
    load(cpu, WAIT | mask)
    stop = machine.run()
    assert stop.kind is StopKind.NOTHING_TO_WAIT_FOR
    assert stop.text == "enabled wait without any event to come"


def test_a_clock_comparator_that_is_never_due_is_no_event(machine: Machine, cpu: Cpu) -> None:
    cpu.set_control_register(0, CLOCK_COMPARATOR)
    cpu.clock_comparator = 0xFFFF_FFFF_FFFF_FFFF
    load(cpu, WAIT | EXTERNAL_MASK)
    assert machine.run().kind is StopKind.NOTHING_TO_WAIT_FOR


def test_a_disabled_wait(machine: Machine, cpu: Cpu) -> None:
    load(cpu, WAIT, 0xFFF)
    stop = machine.run()
    assert (stop.kind, stop.cpu, stop.text) == (StopKind.DISABLED_WAIT, 0, "disabled wait at 0xfff")
    assert stop.psw == Psw(ADDRESSING_MODE | WAIT, 0xFFF)


def test_a_disabled_wait_is_not_ended_by_a_timer(machine: Machine, cpu: Cpu) -> None:
    cpu.set_control_register(0, CLOCK_COMPARATOR | CPU_TIMER)
    cpu.clock_comparator = 0
    load(cpu, WAIT)
    assert machine.run().kind is StopKind.DISABLED_WAIT


def test_one_cpu_waits_while_the_other_runs() -> None:
    machine = Machine(4 * MEGABYTE, cpus=2)
    load(machine.cpus[0], WAIT)
    # LGHI 1,7; LPSWE 0x20(0,0)
    machine.storage.write(START, bytes.fromhex("a7190007 b2b20020"))
    machine.storage.write(0x20, disabled_wait(0x321))
    load(machine.cpus[1], 0)
    assert machine.run().kind is StopKind.DISABLED_WAIT
    assert machine.cpus[1].gr[1] == 7
    assert machine.cpus[1].is_waiting


# Stopped CPUs


def test_a_cpu_that_stops_itself_leaves_nobody(machine: Machine, cpu: Cpu) -> None:
    # SIGP 4,6,5 (stop): GR6 holds CPU address 0.
    machine.storage.write(START, bytes.fromhex("ae460005 a7190001"))
    stop = machine.run()
    assert stop.kind is StopKind.ALL_STOPPED
    assert cpu.state is CpuState.STOPPED
    assert cpu.instruction_address == START + 4
    assert cpu.gr[1] == 0


# Check-stop


def check_stopping() -> Machine:
    """A machine whose CPU 0 takes a program interruption with its prefix area outside storage; CPU 1 waits."""
    machine = Machine(4 * MEGABYTE, cpus=2)
    machine.storage.write(0x1B0, disabled_wait(HANDLER_WAIT))
    load(machine.cpus[0], 0)
    machine.cpus[0].set_prefix(BEYOND)
    machine.cpus[1].set_control_register(0, MALFUNCTION_ALERT)
    load(machine.cpus[1], WAIT | EXTERNAL_MASK)
    return machine


def test_check_stop_alerts_the_other_cpus() -> None:
    machine = check_stopping()
    stop = machine.run()
    assert machine.cpus[0].state is CpuState.CHECK_STOP
    # CPU address 0, code 1200, at CPU 1, which ends in a wait.
    assert machine.storage.read_integer(0x84, 4) == 0x0000_1200
    assert machine.cpus[1].instruction_address == HANDLER_WAIT
    assert stop.kind is StopKind.CHECK_STOP
    assert stop.cpu == 0
    assert stop.text.startswith("check-stop: the prefix area at 0x400000 cannot be accessed")


def test_check_stop_of_the_only_cpu(machine: Machine, cpu: Cpu) -> None:
    cpu.set_prefix(BEYOND)
    assert machine.run().kind is StopKind.CHECK_STOP


# Budget and loops


@pytest.mark.parametrize("budget", (1, 5, 1000))
def test_a_budget_ends_the_run_and_the_next_run_goes_on(machine: Machine, cpu: Cpu, budget: int) -> None:
    # AGHI 1,1; J to the start
    machine.storage.write(START, bytes.fromhex("a71b0001 a7f4fffe"))
    stop = machine.run(budget)
    assert stop.kind is StopKind.BUDGET
    assert machine.executed == budget
    machine.run(budget)
    assert machine.executed == 2 * budget
    assert cpu.gr[1] == budget


def test_a_budget_of_nothing(machine: Machine) -> None:
    assert machine.run(0).kind is StopKind.BUDGET
    assert machine.executed == 0


def test_a_program_interruption_loop_is_named(machine: Machine) -> None:
    # The new PSW is disabled, runs, and points at zeros, which are no instruction.
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE, 0x2000).to_bytes())
    stop = machine.run(1000)
    assert stop.kind is StopKind.PROGRAM_LOOP
    assert stop.text == "program-interruption loop at 0x2000: operation (0x0001), over and over"


def test_a_new_psw_that_is_never_valid_is_a_loop(machine: Machine) -> None:
    machine.storage.write(0x1D0, Psw(1 << 63, 0).to_bytes())
    assert machine.run(1000).kind is StopKind.PROGRAM_LOOP


# What is left out


@pytest.mark.parametrize("stepped", (False, True))
def test_access_register_mode_is_named(machine: Machine, cpu: Cpu, stepped: bool) -> None:
    cpu.set_control_register(0, cpu.cr[0] | 1 << 26)
    # A real-space designation.
    cpu.set_control_register(1, 0x20)
    # L 1,0x2000(4); SAC 0x200; LGHI 2,7; L 1,0x2000(4): the page was accessed in the primary-space mode before
    machine.storage.write(START, bytes.fromhex("58104000 b2190200 a7290007 58104000"))
    cpu.gr[4] = 0x2000
    if stepped:
        machine.observers.append(EveryInstruction())
    load(cpu, DAT)
    stop = machine.run(10)
    assert stop.kind is StopKind.NOT_MODELLED
    assert stop.text == "not modelled: access-register mode"
    assert cpu.gr[2] == 7
    assert stop.psw == Psw(ADDRESSING_MODE | DAT | 1 << 46, START + 12)


def test_an_instruction_that_is_not_modelled_is_counted(machine: Machine) -> None:
    # PROGRAM RETURN, of the linkage stack.
    machine.storage.write(START, bytes.fromhex("0101"))
    machine.storage.write(0x1D0, disabled_wait(HANDLER_WAIT))
    for count in (1, 2):
        load(machine.cpus[0], 0)
        machine.run()
        assert machine.counts.unmodelled == {"0101": count}
        assert machine.counts.program_interruptions == {Code.OPERATION: count}
    assert machine.storage.read_integer(0x8C, 4) == 2 << 16 | Code.OPERATION


# Facility 169: PoP 4, "Storage-Key-Removal Facility"


def without_keys() -> Machine:
    machine = Machine(4 * MEGABYTE, facilities=DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL})
    load(machine.cpus[0], 0)
    return machine


def test_without_storage_keys_lpswe_of_a_key_is_a_special_operation() -> None:
    machine = without_keys()
    # LPSWE 0x20(0,0)
    machine.storage.write(START, bytes.fromhex("b2b20020"))
    machine.storage.write(0x20, Psw(ADDRESSING_MODE | 3 << 52, 0x2000).to_bytes())
    machine.storage.write(0x1D0, disabled_wait(HANDLER_WAIT))
    machine.run()
    assert machine.storage.read_integer(0x8C, 4) == 4 << 16 | Code.SPECIAL_OPERATION
    assert Psw.from_bytes(machine.storage.read(0x150, 16)) == Psw(ADDRESSING_MODE, START + 4)


def test_without_storage_keys_a_key_in_a_new_psw_is_an_early_specification_exception() -> None:
    machine = without_keys()
    new = Psw(ADDRESSING_MODE | 3 << 52, 0x2000)
    # SVC 7
    machine.storage.write(START, bytes.fromhex("0a07"))
    machine.storage.write(0x1C0, new.to_bytes())
    machine.storage.write(0x1D0, disabled_wait(HANDLER_WAIT))
    machine.run()
    assert machine.storage.read_integer(0x8C, 4) == Code.SPECIFICATION
    assert Psw.from_bytes(machine.storage.read(0x150, 16)) == new


# Steps


def test_a_step_is_one_instruction_or_one_interruption(machine: Machine, cpu: Cpu) -> None:
    machine.storage.write(START, bytes.fromhex("a7190001 a7190002"))
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, START + 4).to_bytes())
    assert machine.step() is None
    assert (cpu.instruction_address, cpu.gr[1]) == (START + 4, 1)
    cpu.set_control_register(0, 1 << 63 - 50)
    cpu.pending.external_call = 0
    load(cpu, EXTERNAL_MASK, 0x9990)
    # The interruption, and then, the CPU being ready, the first instruction of its handler at the latest next time.
    while cpu.gr[1] != 2:
        assert machine.step() is None
    assert external_old_psw(machine).address == 0x9990


def test_a_step_that_ends_the_run(machine: Machine, cpu: Cpu) -> None:
    load(cpu, WAIT)
    stop = machine.step()
    assert stop is not None
    assert stop.kind is StopKind.DISABLED_WAIT


def test_every_instruction_is_announced_to_who_wants_them(machine: Machine) -> None:
    told = []

    class Listener(Observer):
        wants_instructions = True

        def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
            told.append((address, instruction.hex()))

    # LGHI 1,1; J to itself
    machine.storage.write(START, bytes.fromhex("a7190001 a7f40000"))
    machine.observers.append(Listener())
    machine.run(3)
    assert told == [(START, "a7190001"), (START + 4, "a7f40000"), (START + 4, "a7f40000")]


# The same input gives the same run


def test_two_runs_are_equal() -> None:
    def once() -> tuple[object, ...]:
        machine = Machine(4 * MEGABYTE, cpus=2)
        # AGHI 1,1; STCK 0x3000(2); J to the start: two CPUs race for the clock
        machine.storage.write(START, bytes.fromhex("a71b0001 b2052000 a7f4fffc"))
        for cpu in machine.cpus:
            load(cpu, 0)
            cpu.gr[2] = 0x3000 + 8 * cpu.address
        stop = machine.run(5000)
        state = [(list(cpu.gr), cpu.psw) for cpu in machine.cpus]
        return stop, state, machine.timing.work, machine.storage.read(0x3000, 16)

    assert once() == once()
