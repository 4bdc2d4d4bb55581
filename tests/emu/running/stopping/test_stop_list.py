# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of stops: each kind happens where it should, in every way of running, and changes nothing else."""

from __future__ import annotations

import pytest

from emu.bits import MASK_64, bit
from emu.control_registers import CR0_CLOCK_COMPARATOR
from emu.cpu import CpuState
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Usage
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, Psw
from emu.running.stopping.kinds import (
    AtAddress,
    AtInstructionCount,
    AtInterruption,
    AtMnemonic,
    AtTarget,
    AtTime,
    ControlRegisterChange,
    FirstTouch,
    PageStateChange,
    PswMaskChange,
    StopOn,
    StopSpace,
    StorageKeyChange,
    When,
)
from emu.snapshot import differences
from tests.support.stopping import CODE, DATA, HANDLER, PAGE, PLACES, TURNS, WAYS, Stepwise, program, stops_of

NEVER: tuple[StopOn, ...] = (
    AtAddress(0x18000),
    AtTarget(PLACES["add"]),
    AtAddress(PLACES["add"], asce=0x1000),
    AtAddress(PLACES["add"], problem_state=True),
    AtMnemonic(frozenset({"SIGP", "LRA"})),
    AtInterruption("io"),
    AtInterruption("program", frozenset({0x10})),
    PageStateChange(3),
    StorageKeyChange(3),
    FirstTouch(0x3F0),
    ControlRegisterChange(5),
    ControlRegisterChange(2, bit(0)),
    PswMaskChange(bit(8)),
    AtInstructionCount(1 << 40),
    AtTime(1 << 40),
)
"""Each on something that does not happen in the program."""

HAPPENING: dict[str, tuple[StopOn, str | int, bool]] = {
    "address": (AtAddress(PLACES["add"]), "add", True),
    "address that ends a block": (AtAddress(PLACES["call"]), "call", True),
    "address behind an instruction that traps": (AtAddress(PLACES["stable"]), "stable", True),
    "address of an EXECUTE": (AtAddress(PLACES["execute"]), "execute", True),
    "target of an EXECUTE": (AtTarget(DATA + 0x100), "execute", True),
    "first address": (AtAddress(PLACES["count"]), "count", True),
    "real address": (AtAddress(PLACES["add"], StopSpace.REAL), "add", True),
    "absolute address": (AtAddress(PLACES["add"], StopSpace.ABSOLUTE), "add", True),
    "supervisor state": (AtAddress(PLACES["add"], problem_state=False), "add", True),
    "mnemonic of the model": (AtMnemonic(frozenset({"SSKE"})), "key", True),
    "compiled mnemonic": (AtMnemonic(frozenset({"STCK"})), "clock", True),
    "mnemonic of the engine": (AtMnemonic(frozenset({"MVC"})), "move", True),
    "supervisor call": (AtMnemonic(frozenset({"SVC"})), "call", True),
    "mnemonic of a branch": (AtMnemonic(frozenset({"BRCT"})), "back", True),
    "program interruption": (AtInterruption("program"), HANDLER + 0x10, False),
    "program interruption by code": (AtInterruption("program", frozenset({1})), HANDLER + 0x10, False),
    "svc": (AtInterruption("svc", frozenset({5})), HANDLER, False),
    "page state": (PageStateChange(PAGE >> 12, Usage.UNUSED), "stable", False),
    "any page state": (PageStateChange(usage=Usage.STABLE), "other key", False),
    "key": (StorageKeyChange(PAGE >> 12), "call", False),
    "control register": (ControlRegisterChange(2), "invalid", False),
    "predicate": (When(lambda view: view.psw.address == PLACES["store"]), "store", True),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_never_happens_stops_nothing_and_changes_nothing(way: int | str | None) -> None:
    without = stops_of(program(), way=way)
    for on in NEVER:
        seen, stop, state = stops_of(program(), on, way=way)
        assert (seen, stop) == ([], without[1]), on
        assert not differences(without[2], state), on


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HAPPENING)
def test_what_happens_stops_there_each_time_and_changes_nothing(name: str, way: int | str | None) -> None:
    on, place, is_before = HAPPENING[name]
    seen, stop, state = stops_of(program(), on, way=way)
    address = PLACES[place] if isinstance(place, str) else place
    assert [(each.address, each.is_before) for each in seen] == [(address, is_before)] * TURNS
    without = stops_of(program())
    assert stop == without[1]
    assert not differences(without[2], state)


@pytest.mark.parametrize("name", HAPPENING)
def test_every_way_comes_to_the_same_stops(name: str) -> None:
    found = [stops_of(program(), HAPPENING[name][0], way=way)[0] for way in WAYS]
    assert all(each == found[0] for each in found[1:])


def test_all_kinds_at_once() -> None:
    stops = [on for on, _, _ in HAPPENING.values()]
    found = [stops_of(program(), *stops, *NEVER, way=way) for way in WAYS]
    assert all(each[0] == found[0][0] for each in found[1:])
    without = stops_of(program())
    assert all(not differences(without[2], each[2]) for each in found)


@pytest.mark.parametrize("way", WAYS)
def test_several_cpus(way: int | str | None) -> None:
    without = stops_of(program(3))
    stops = (AtAddress(PLACES["add"]), AtMnemonic(frozenset({"STCK"})), StorageKeyChange((PAGE >> 12) + 1))
    seen, stop, state = stops_of(program(3), *stops, way=way)
    assert [each.cpu for each in seen].count(1) == 3 * TURNS
    assert [each.cpu for each in seen].count(2) == 2 * TURNS
    assert stop == without[1]
    assert not differences(without[2], state)


# Conditions and counts


@pytest.mark.parametrize("way", WAYS)
def test_a_count_says_from_which_time_on(way: int | str | None) -> None:
    seen, _, _ = stops_of(program(), AtAddress(PLACES["add"], count=TURNS - 2), way=way)
    assert len(seen) == 3


@pytest.mark.parametrize("way", WAYS)
def test_only_what_is_true_is_counted(way: int | str | None) -> None:
    on = AtAddress(PLACES["add"], condition=lambda view: view.gr[2] % 2 == 0, count=2)
    seen, _, _ = stops_of(program(), on, way=way)
    assert len(seen) == TURNS // 2 - 1


def test_a_condition_sees_what_has_happened() -> None:
    machine = program()
    machine.stops.add(StorageKeyChange(condition=lambda view: view.event.after == 0x30))
    stop = machine.run()
    assert (stop.hits[0].event.before, stop.hits[0].event.after) == (0x20, 0x30)
    assert machine.keys.bytes[PAGE >> 12] == 0x30


def test_a_condition_reads_storage_without_touching_it() -> None:
    machine = program()
    touched: list[bytes] = []

    def look(view: object) -> bool:
        touched.append(view.read(0x3F0000, 8) + view.read(DATA, 4))  # type: ignore[attr-defined]
        return False

    machine.stops.add(AtAddress(PLACES["add"], condition=look))
    machine.run()
    assert touched == [bytes(12)] * TURNS
    assert machine.states.bytes[0x3F0] & 3 == 3
    assert not machine.keys.bytes[0x3F0]


# Numbers and moments


@pytest.mark.parametrize("way", WAYS)
def test_a_number_of_instructions(way: int | str | None) -> None:
    seen, _, state = stops_of(program(), AtInstructionCount(50), AtInstructionCount(0), way=way)
    assert [each.executed for each in seen] == [0, 50]
    assert not differences(stops_of(program())[2], state)


def test_a_moment_of_virtual_time() -> None:
    found = [stops_of(program(), AtTime(1000), way=way) for way in WAYS]
    assert len(found[0][0]) == 1
    assert found[0][0][0].work >= 1000
    assert found[0][0] == found[1][0] == found[2][0]
    assert all(not differences(stops_of(program())[2], state) for _, _, state in found)


def _interrupted_at(units: int) -> Machine:
    """A machine that counts, and whose clock comparator interrupts it once, after so many *units* of work."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    machine.storage.write(CODE, assemble("AHI 1,1") + assemble("BRC 15,*-4"))
    machine.storage.write(HANDLER, assemble("LCTLG 0,0,0x300(0)") + assemble("LPSWE 0x130(0)"))
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    cpu.set_control_register(0, CR0_CLOCK_COMPARATOR)
    cpu.clock_comparator = machine.timing.tod + 4 * units - 1
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK, CODE))
    cpu.psw_loaded, cpu.state = False, CpuState.OPERATING
    return machine


@pytest.mark.parametrize(
    ("moment", "stops_at"),
    ((99, 99), (100, 100), (101, 164), (130, 164), (164, 164), (165, 181), (181, 181), (250, 250)),
)
def test_a_moment_while_an_interruption_is_taken(moment: int, stops_at: int) -> None:
    """Which takes 64 units, and LOAD CONTROL behind it 17: the run stops before the next instruction."""
    machines = [_interrupted_at(100) for _ in WAYS]
    machines[2].observers.append(Stepwise())
    for machine, limit in zip(machines, (1000, 7, 1000), strict=True):
        machine.stops.add(AtTime(moment))
        while (stop := machine.run(limit)).kind is StopKind.BUDGET and machine.executed < 1000:
            pass
        assert stop.kind is StopKind.STOP_POINT
    free, sliced, stepped = machines
    assert free.timing.work == sliced.timing.work == stepped.timing.work == stops_at


# Program mask


@pytest.mark.parametrize("way", WAYS)
def test_a_bit_of_the_psw(way: int | str | None) -> None:
    seen, _, _ = stops_of(program(), PswMaskChange(EXTERNAL_MASK), way=way)
    first = seen[0]
    # STNSM makes it zero once; the handlers' PSWs have it zero, too, and their old PSWs bring it back the first time.
    assert (first.address, first.is_before) == (HANDLER, False)
    assert [each.address for each in seen] == [HANDLER, PLACES["execute"], PLACES["clock"], HANDLER][:3]


# The list


def test_stops_are_numbered_and_can_be_disabled_and_removed() -> None:
    machine = program()
    numbers = [machine.stops.add(AtAddress(PLACES[name])) for name in ("add", "store", "move")]
    assert numbers == [1, 2, 3]
    machine.stops.enable(1, is_enabled=False)
    machine.stops.remove(2)
    assert machine.run().hits[0].number == 3
    machine.stops.enable(1)
    assert machine.run().hits[0].number == 1
    assert machine.stops.add(AtTime(5)) == 4
    assert [point.number for point in machine.stops] == [1, 3, 4]
    assert machine.stops[3].hits == 1
    machine.stops.clear()
    assert machine.run().kind is StopKind.DISABLED_WAIT


def test_there_is_no_stop_of_another_number() -> None:
    stops = program().stops
    for call in (stops.remove, stops.enable, stops.__getitem__):
        with pytest.raises(KeyError):
            call(7)


def test_several_stops_at_one_moment_end_the_run_once() -> None:
    machine = program()
    for on in (AtAddress(PLACES["key"]), AtMnemonic(frozenset({"SSKE"}))):
        machine.stops.add(on)
    stop = machine.run()
    assert [hit.number for hit in stop.hits] == [1, 2]
    assert stop.text == f"stop 1: instruction at {PLACES['key']:#x}; stop 2: instruction SSKE"
    assert machine.run().psw.address == PLACES["key"]
    assert machine.cpus[0].gr[1] == 3


def test_the_instruction_at_which_a_cpu_stands_can_be_passed_over() -> None:
    machine = program()
    machine.stops.add(AtAddress(PLACES["count"]))
    machine.stops.pass_over()
    assert machine.run().hits
    assert machine.cpus[0].gr[1] == 2


def test_a_saved_machine_does_not_hold_stops() -> None:
    without, machine = program(), program()
    machine.stops.add(AtAddress(1, asce=MASK_64))
    assert not differences(stops_of(without)[2], stops_of(machine)[2])
