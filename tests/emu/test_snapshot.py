# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots, and by them determinism: two runs of a program are equal in every section and every traced line."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu import snapshot
from emu.cpu import Cpu
from emu.events import Observer
from emu.machine import MEGABYTE, Machine
from emu.program import read_program
from emu.program_interruption import ProgramInterruption
from emu.psw import Psw

IMAGES = Path(__file__).parents[2] / "guest_kernel" / "native" / "images"


class Recorder(Observer):
    """Writes down every event of a run."""

    wants_instructions = True

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        self.lines.append(("retired", cpu.address, address, instruction, tuple(cpu.gr), cpu.configuration.timing.tod))

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        self.lines.append(("interrupted", cpu.address, kind, code, old))

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        self.lines.append(("state", page, request, before, after))

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        self.lines.append(("key", page, before, after))


def run(image: str, *observers: Observer, budget: int = 2_000_000) -> Machine:
    machine = Machine(4 * MEGABYTE)
    machine.observers.extend(observers)
    read_program(IMAGES / f"{image}.elf").load(machine)
    machine.run(budget)
    return machine


@pytest.mark.parametrize("image", ("essa-table", "keys", "interruptions"))
def test_two_free_runs_give_equal_snapshots(image: str) -> None:
    assert snapshot.differences(snapshot.take(run(image)), snapshot.take(run(image))) == []


@pytest.mark.parametrize("image", ("essa-table", "hello"))
def test_two_traced_runs_give_equal_traces_and_snapshots(image: str) -> None:
    first, second = Recorder(), Recorder()
    machines = run(image, first, budget=20_000), run(image, second, budget=20_000)
    assert first.lines
    assert first.lines == second.lines
    assert snapshot.differences(snapshot.take(machines[0]), snapshot.take(machines[1])) == []


def test_taking_a_snapshot_changes_nothing(machine: Machine) -> None:
    machine.storage.write(0x3000, b"content")
    machine.states.bytes[3] = 0x04  # unused and resident: a touch would be an addressing exception
    before = snapshot.take(machine)
    assert snapshot.differences(before, snapshot.take(machine)) == []
    assert before["hypervisor"]["contents"].keys() == {0x3}


def test_differences_are_named(machine: Machine) -> None:
    before = snapshot.take(machine)
    machine.storage.write(0x5000, b"x")
    machine.cpus[0].gr[7] = 7
    machine.keys.bytes[9] = 0x10
    found = snapshot.differences(before, snapshot.take(machine))
    assert found == ["hypervisor.contents[5]", "states.array[5]", "keys.array[9]", "cpus[0].registers.general[7]"]
