# SPDX-License-Identifier: GPL-2.0-or-later
"""Several guests in turn."""

from __future__ import annotations

from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine, Stop, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from host.turns import GuestTurns, run_in_turn


def looping(count: int) -> Machine:
    """A machine that executes *count* branches (LGFI 1,count; BRCTG 1,.) and then waits for ever (LPSWE)."""
    machine = Machine(MEGABYTE)
    code = bytes.fromhex(f"c011{count:08x} a7170000 b2b20200")
    machine.load_storage(0x10000, code)
    machine.load_storage(0x200, Psw(ADDRESSING_MODE | 1 << 49, 0xFFF).to_bytes())
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    cpu.psw_loaded = False
    return machine


def test_each_ends_in_its_own_way_and_the_short_one_first() -> None:
    ended: list[int] = []

    def note(number: int, stop: Stop) -> None:
        ended.append(number)

    machines = [looping(5000), looping(10), looping(2000)]
    stops = run_in_turn(machines, turn=100, ended=note)
    assert [stop.kind for stop in stops] == [StopKind.DISABLED_WAIT] * 3
    assert ended == [1, 2, 0]
    assert [machine.executed for machine in machines] == [5002, 12, 2002]


def test_turns_alternate() -> None:
    machines = [looping(100_000), looping(100_000)]
    stops = run_in_turn(machines, 10_000, turn=1000)
    assert [stop.kind for stop in stops] == [StopKind.BUDGET] * 2
    assert [machine.executed for machine in machines] == [10_000, 10_000]


def test_a_requested_stop_ends_a_guest() -> None:
    machines = [looping(100_000), looping(10)]
    machines[0].stop_requested = True
    stops = run_in_turn(machines)
    assert stops[0].kind is StopKind.REQUESTED
    assert stops[1].kind is StopKind.DISABLED_WAIT


def test_a_turn_that_is_interrupted_is_gone_on_with() -> None:
    machines = [looping(100_000), looping(100_000)]
    turns = GuestTurns(machines, 5000, turn=1000)
    executed = []
    while not turns.run(700):
        executed.append([machine.executed for machine in machines])
    assert executed[:5] == [[700, 0], [1000, 400], [1100, 1000], [1800, 1000], [2000, 1500]]
    assert executed[-1] == [5000, 4800]
    assert [stop.kind for stop in turns.stops.values()] == [StopKind.BUDGET] * 2


def test_one_that_stops_at_the_end_of_its_turn_has_stopped() -> None:
    """Not every stop after so many instructions is one because of them."""
    machines = [looping(98), looping(500)]
    turns = GuestTurns(machines, turn=100)
    assert turns.run(100) is False
    assert turns.stops == {}
    assert turns.run()
    assert [machine.executed for machine in machines] == [100, 502]
    assert list(turns.stops) == [0, 1]
