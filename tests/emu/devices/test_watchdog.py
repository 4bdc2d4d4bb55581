# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE 0x288 and the watchdog that it sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.devices.watchdog import UNITS_PER_SECOND, Watchdog
from emu.machine import MEGABYTE, Machine, StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, WAIT, Psw
from emu.saving import restore, save

Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]
START, CHANGE, CANCEL = 0, 1, 2
RESTART_NEW, HANDLER, PROGRAM = 0x1A0, 0x50000, 0x10000
DISABLED_WAIT = ADDRESSING_MODE | WAIT


@pytest.fixture
def watchdog(cpu: Cpu) -> Watchdog:
    """One that is installed."""
    found = cpu.configuration.device(Watchdog)
    found.is_installed = True
    return found


def diagnose(cpu: Cpu, run: Run, function: int, seconds: int = 15, action: int = 0, *, r1: int = 2) -> None:
    cpu.gr[r1], cpu.gr[r1 + 1], cpu.gr[6] = function, seconds, action
    run(cpu, "DIAG", r1=r1, r3=6, d2=0x288)


@pytest.mark.usefixtures("watchdog")
@pytest.mark.parametrize(
    ("function", "seconds", "action", "r1"),
    ((START, 15, 0, 3), (START, 14, 0, 2), (START, 15, 1, 2), (CHANGE, 15, 0, 2), (CANCEL, 15, 0, 2), (3, 15, 0, 2)),
)
def test_what_it_refuses(cpu: Cpu, run: Run, expect: Expect, function: int, seconds: int, action: int, r1: int) -> None:
    with expect(ProgramInterruptionCode.SPECIFICATION):
        diagnose(cpu, run, function, seconds, action, r1=r1)


def test_it_has_to_be_installed(cpu: Cpu, run: Run, expect: Expect) -> None:
    with expect(ProgramInterruptionCode.SPECIFICATION):
        diagnose(cpu, run, START)


def test_it_is_started_changed_and_cancelled(cpu: Cpu, run: Run, watchdog: Watchdog, expect: Expect) -> None:
    diagnose(cpu, run, START, 20)
    assert watchdog.units_left == 20 * UNITS_PER_SECOND
    diagnose(cpu, run, CHANGE, 15)
    assert watchdog.units_left == 15 * UNITS_PER_SECOND
    with expect(ProgramInterruptionCode.SPECIFICATION):
        diagnose(cpu, run, CHANGE, 14)
    diagnose(cpu, run, CANCEL, 0)
    assert watchdog.units_left is None
    with expect(ProgramInterruptionCode.SPECIFICATION):
        diagnose(cpu, run, CHANGE)


def test_a_reset_stops_it(cpu: Cpu, run: Run, watchdog: Watchdog) -> None:
    diagnose(cpu, run, START)
    watchdog.reset()
    assert watchdog.units_left is None


def armed(mask: int) -> tuple[Machine, Watchdog]:
    """A machine that loads *mask* and waits, with a watchdog that runs, and a restart that ends at HANDLER."""
    machine = Machine(4 * MEGABYTE)
    watchdog = machine.configuration.device(Watchdog)
    watchdog.is_installed = True
    machine.storage.write(RESTART_NEW, Psw(DISABLED_WAIT, HANDLER).to_bytes())
    machine.cpus[0].state = type(machine.cpus[0].state).OPERATING
    machine.cpus[0].load_psw(Psw(mask, PROGRAM))
    assert watchdog.control(START, 15)
    return machine, watchdog


@pytest.mark.parametrize("mask", (DISABLED_WAIT, ADDRESSING_MODE | WAIT | EXTERNAL_MASK))
def test_it_bites_a_guest_that_waits(mask: int) -> None:
    machine, watchdog = armed(mask)
    stop = machine.run(1000)
    assert (stop.kind, stop.psw.address) == (StopKind.DISABLED_WAIT, HANDLER)
    assert watchdog.units_left is None
    assert machine.timing.work >= 15 * UNITS_PER_SECOND
    # The old PSW is that of the wait.
    assert Psw.from_bytes(machine.read_storage(0x120, 16)) == Psw(mask, PROGRAM)


def test_it_bites_a_guest_that_is_busy() -> None:
    machine, _ = armed(ADDRESSING_MODE)
    machine.storage.write(PROGRAM, bytes.fromhex("a7f40000"))
    # Time has nearly come.
    machine.timing.work += 15 * UNITS_PER_SECOND - 1000
    machine.configuration.call_soon()
    assert machine.run(500).kind is StopKind.BUDGET
    stop = machine.run(100_000)
    assert (stop.kind, stop.psw.address) == (StopKind.DISABLED_WAIT, HANDLER)


def test_it_is_kept_in_a_saved_machine() -> None:
    machine, watchdog = armed(ADDRESSING_MODE | WAIT | EXTERNAL_MASK)
    other = Machine(4 * MEGABYTE)
    restore(save(machine), other)
    assert other.configuration.device(Watchdog).units_left == watchdog.units_left == 15 * UNITS_PER_SECOND
    assert other.run(1000).psw.address == HANDLER
