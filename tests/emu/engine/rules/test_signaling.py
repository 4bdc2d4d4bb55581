# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGNAL PROCESSOR that only senses: compiled it gives what the model gives, whatever the other CPU is doing."""

from __future__ import annotations

import pytest

from emu import configuration
from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.engine import record
from emu.engine.compiled_instructions import NAMES, CompiledInstructions
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from emu.snapshot import differences, guest_view
from tests.support.every_instruction import EveryInstruction

START = 0x10000
TIMES = 4
SENSE, RUNNING, SET_ARCHITECTURE = 0x01, 0x15, 0x12
_SIGP = NAMES.index("SIGP")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often SIGP was executed compiled."""
    count_executed, found = CompiledInstructions.count_executed, [0]

    def note(instructions: CompiledInstructions) -> None:
        found[0] += int(instructions._counts[_SIGP])
        count_executed(instructions)

    monkeypatch.setattr(CompiledInstructions, "count_executed", note)
    return found


def sensing(order: int, address: int, *, facilities: frozenset[int] = DEFAULT_FACILITIES) -> Machine:
    """A machine of two CPUs, of which the first is about to signal several times, and to wait."""
    machine = Machine(MEGABYTE, cpus=2, facilities=facilities)
    # IPM 4; AR 5,4 behind each, so that each condition code counts.
    body = (assemble(f"SIGP 2,3,{order}(0)") + bytes.fromhex("b2220040 1a54")) * TIMES
    machine.storage.write(START, body + bytes(2))
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x1D0).to_bytes())
    cpu = machine.cpus[0]
    cpu.gr[2], cpu.gr[3] = 0x1234_5678_9ABC_DEF0, address
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    return machine


@pytest.mark.parametrize("order", (SENSE, RUNNING, 0x99, SET_ARCHITECTURE))
@pytest.mark.parametrize("address", (0, 1, 2, 0xFFFF))
@pytest.mark.parametrize("state", CpuState)
@pytest.mark.parametrize("has_call", (False, True))
def test_compiled_and_model_agree(
    compiled: list[int], order: int, address: int, state: CpuState, *, has_call: bool
) -> None:
    machines = [sensing(order, address) for _ in range(2)]
    machines[1].observers.append(EveryInstruction())
    for machine in machines:
        other = machine.cpus[1]
        other.load_psw(Psw(ADDRESSING_MODE | psw_bits.WAIT, 0))
        other.psw_loaded = False
        other.state = state
        other.pending.external_call = 0 if has_call else None
        machine.run(100)
    assert not differences(*map(guest_view, machines))
    assert machines[0].counts == machines[1].counts
    assert machines[0].timing.work == machines[1].timing.work
    # The first one is the model's, if it asks about a CPU.
    assert compiled[0] == TIMES - (order != SET_ARCHITECTURE)


@pytest.mark.parametrize("pending", ("restart_pending", "stop_pending"))
def test_a_cpu_that_is_busy_says_so(pending: str) -> None:
    """Which is left to the model or not: PoP 4, condition code 2."""
    machine = sensing(SENSE, 1)
    setattr(machine.cpus[1], pending, True)
    machine.run(1)
    assert machine.cpus[0].cc == 2


def test_without_the_facility_the_order_is_invalid(compiled: list[int]) -> None:
    machine = sensing(RUNNING, 1, facilities=DEFAULT_FACILITIES - {Facility.SENSE_RUNNING_STATUS})
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    assert machine.cpus[0].gr[2] == 0x1234_5678_0000_0002
    assert compiled[0] == TIMES - 1


def test_what_has_changed_since_is_sensed(compiled: list[int]) -> None:
    machine = sensing(SENSE, 1)
    cpu, other = machine.cpus
    machine.run(3 * TIMES)
    assert cpu.gr[2] & 0xFFFF_FFFF == 0x40
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.psw_loaded = False
    other.pending.external_call = 0
    machine.run(1)
    assert cpu.gr[2] & 0xFFFF_FFFF == 0xC0
    assert compiled[0] >= TIMES - 1


def test_there_is_room_for_all_cpus() -> None:
    assert record.MOST_CPUS == configuration._MOST_CPUS
