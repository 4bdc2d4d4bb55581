# SPDX-License-Identifier: GPL-2.0-or-later
"""What is due at a moment of virtual time comes before the same instruction, however the machine runs.

Instructions are executed in blocks when it runs freely; the moments lie in the middle of one.
"""

from __future__ import annotations

import pytest

from emu.bits import bit
from emu.configuration import SLICE
from emu.cpu import Cpu, CpuState
from emu.hypervisor import NEVER, FirstTouchHypervisor
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, WAIT, Psw
from emu.snapshot import differences, take
from emu.timing import STEPS_PER_UNIT
from tests.support.every_instruction import EveryInstruction

START, HANDLER = 0x10000, 0x20000
BLOCK = 40
CODE = bytes.fromhex("a71a0001") * BLOCK + bytes.fromhex("a7f4") + (-2 * BLOCK & 0xFFFF).to_bytes(2, "big")
"""AHI 1,1 so many times, and a branch to the first."""
WAYS = (None, 7, 61, "stepped")
"""Freely, in slices of so many instructions, and step by step."""


class Host(FirstTouchHypervisor):
    """Notes when it is called, which it wants to be at one moment."""

    due = 1007

    def attach(self, configuration: object) -> None:
        self.attended: list[int] = []

    def attend(self, work: int) -> int:
        self.attended.append(work)
        return self.due if work < self.due else NEVER


def load(cpu: Cpu, mask: int = 0) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, START))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING


def run(machine: Machine, way: int | str | None, instructions: int) -> None:
    """Run *machine* in this *way* until it stops, or for so many instructions."""
    if way == "stepped":
        machine.observers.append(EveryInstruction())
    while instructions:
        part = min(instructions, way) if isinstance(way, int) else instructions
        if machine.run(part).kind is not StopKind.BUDGET:
            break
        instructions -= part
    machine.observers.clear()


@pytest.fixture
def machine() -> Machine:
    return make(1)


def make(cpus: int) -> Machine:
    machine = Machine(4 * MEGABYTE, cpus=cpus, hypervisor=Host)
    machine.storage.write(START, CODE)
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | WAIT, HANDLER).to_bytes())
    return machine


@pytest.mark.parametrize("units", (50, 51, 99, 1000))
@pytest.mark.parametrize("way", WAYS)
def test_a_timer_interrupts_before_the_instruction_at_which_it_is_due(
    machine: Machine, way: int | str | None, units: int
) -> None:
    cpu = machine.cpus[0]
    cpu.set_control_register(0, bit(53))
    machine.timing.set_cpu_timer(cpu, units * STEPS_PER_UNIT - 1)
    load(cpu, EXTERNAL_MASK)
    run(machine, way, 100_000)
    assert (cpu.instruction_address, cpu.executed) == (HANDLER, units)
    old = Psw.from_bytes(machine.storage.read(0x130, 16))
    assert old.address == START + 4 * (units % (BLOCK + 1))


@pytest.mark.parametrize("way", WAYS)
def test_the_host_is_called_when_it_wants_to_be(machine: Machine, way: int | str | None) -> None:
    load(machine.cpus[0])
    run(machine, way, 5000)
    host = machine.hypervisor
    assert isinstance(host, Host)
    assert host.attended == [0, Host.due]


@pytest.mark.parametrize("way", WAYS)
def test_a_turn_ends_when_its_work_is_done(way: int | str | None) -> None:
    machine = make(2)
    for cpu in machine.cpus:
        load(cpu)
    run(machine, way, SLICE + 333)
    assert [cpu.executed for cpu in machine.cpus] == [SLICE, 333]


def test_every_way_gives_the_same_machine() -> None:
    taken = []
    for way in WAYS:
        machine = make(2)
        for cpu in machine.cpus:
            load(cpu)
        run(machine, way, SLICE + 2345)
        taken.append(take(machine))
    assert all(not differences(taken[0], each) for each in taken[1:])


@pytest.mark.parametrize("way", ("stepped", None))
def test_an_endless_loop_is_recognised_however_it_runs(
    machine: Machine, way: int | str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emu.configuration.LONE_SLICE", 1000)
    machine.storage.write(START, bytes.fromhex("a7f40000"))
    load(machine.cpus[0])
    machine.configuration.turns.end = 1000
    if way == "stepped":
        machine.observers.append(EveryInstruction())
    stop = machine.run(10_000)
    assert (stop.kind, machine.executed) == (StopKind.ENDLESS_LOOP, 1000)


@pytest.mark.parametrize("units", range(400, 440, 7))
def test_a_timer_interrupts_in_time_where_new_code_follows_what_enables_for_it(units: int) -> None:
    """Instructions that enable are executed without leaving the engine, and code that is new is looked at first."""
    # Four times STNSM 0(2),X'FE'; STIDP 8(2), which is the model's; STOSM 0(2),X'01'. Then EXRL 0,*+X'100'.
    enabling = bytes.fromhex("a7780004 acfe2000 b2022008 ad012000 a776fffa c60000000080")
    found = []
    for way in WAYS:
        machine = make(1)
        cpu = machine.cpus[0]
        cpu.gr[2] = 0x30000
        machine.storage.write(START, enabling + CODE)
        machine.storage.write(START + enabling.index(b"\xc6") + 0x100, bytes.fromhex("1833"))
        cpu.set_control_register(0, bit(53))
        machine.timing.set_cpu_timer(cpu, units * STEPS_PER_UNIT - 1)
        load(cpu)
        run(machine, way, 100_000)
        found.append((cpu.instruction_address, cpu.executed, machine.storage.read(0x130, 16)))
    assert found == [found[-1]] * len(WAYS)
