# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened last: stops and changes are found in the order in which they came, the last one first."""

from __future__ import annotations

from typing import ClassVar

import pytest

from emu.cpu import Cpu, CpuState
from emu.debugging.backward import ChangedBy, last_changes, reverse_continue
from emu.debugging.history import History
from emu.debugging.travel import StoppedOnTheWay
from emu.debugging.watched import OfKey, OfPage, OfRegister, OfStorage, OfUsage, Watched
from emu.events import Observer
from emu.isa.declaration import decode
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Content
from emu.psw import ADDRESSING_MODE, Psw
from emu.running.stopping.kinds import AtInstructionCount, AtInterruption, AtMnemonic, PageStateChange, StorageKeyChange
from emu.snapshot import differences, take
from emu.state import Section
from tests.emu.debugging.test_history import load


class Seen(Observer):
    """Where instructions stood, and what changed."""

    wants_instructions = True

    def __init__(self, machine: Machine, watched: Watched | None = None) -> None:
        self.machine, self.watched = machine, watched
        self.value = None if watched is None else watched.value(machine)
        self.mnemonics: list[tuple[str, int]] = []
        """Each with the instruction number at which it was executed."""
        self.changes: list[tuple[int, int, object, object]] = []
        """Instruction number before, instruction address, value before and after."""
        self.interruptions: list[int] = []

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        executed = self.machine.executed
        decoded = decode(instruction) if instruction else None
        if decoded is not None:
            self.mnemonics.append((decoded[0].mnemonic, executed - 1))
        if self.watched is not None:
            value = self.watched.value(self.machine)
            if value != self.value:
                self.changes.append((executed - 1, address, self.value, value))
            self.value = value

    def interrupted(self, cpu: Cpu, kind: str, code: int, *_: object) -> None:
        self.interruptions.append(code)


def seen(image: str, instructions: int, watched: Watched | None = None) -> Seen:
    machine, _ = load(image)
    found = Seen(machine, watched)
    machine.observers.append(found)
    machine.run(instructions)
    return found


def test_stops_come_in_the_order_in_which_they_came_the_last_first() -> None:
    expected = [number for mnemonic, number in seen("keys", 7000).mnemonics if mnemonic == "SSKE"][-5:]
    machine, _ = load("keys")
    history = History(machine, interval=1000)
    history.run(7000)
    found = []
    for _ in expected:
        stop = reverse_continue(history, [AtMnemonic(frozenset({"SSKE"}))])
        assert stop is not None
        assert stop.is_before
        found.append(machine.executed)
    assert found == expected[::-1]


def test_where_none_has_come_the_history_begins() -> None:
    machine, _ = load("keys")
    machine.run(50)
    history = History(machine, interval=100)
    history.run(300)
    assert reverse_continue(history, [AtMnemonic(frozenset({"SIGP"}))]) is None
    assert machine.executed == 50


def test_interruptions_in_reverse() -> None:
    expected = seen("interruptions", 3000).interruptions[-6:]
    machine, _ = load("interruptions")
    history = History(machine, interval=1000)
    history.run(3000)
    found = []
    for _ in expected:
        stop = reverse_continue(history, [AtInterruption()])
        assert stop is not None
        found.append(stop.hits[0].event.code)
    assert found == expected[::-1]


@pytest.mark.parametrize(
    ("image", "on", "instructions"),
    (
        ("hello", AtInterruption("external", before=True), 980),
        ("essa-table", AtInterruption("svc", before=True), 3000),
        ("interruptions", AtInterruption(before=True), 3000),
    ),
)
def test_stops_before_interruptions_come_backward_as_forward(image: str, on: AtInterruption, instructions: int) -> None:
    machine, _ = load(image)
    number = machine.stops.add(on)
    forward = []
    while machine.run(instructions - machine.executed).kind is StopKind.STOP_POINT:
        forward.append(machine.executed)
    machine.stops.remove(number)
    assert forward
    machine, _ = load(image)
    history = History(machine, interval=1000)
    history.run(instructions)
    backward = []
    while reverse_continue(history, [on]) is not None:
        backward.append(machine.executed)
    assert backward[::-1] == forward
    assert machine.executed == 0


def test_a_stop_where_the_machine_is_does_not_count() -> None:
    machine, _ = load("keys")
    history = History(machine)
    history.run(100)
    assert reverse_continue(history, [AtInstructionCount(100)]) is None
    history.run(100)
    stop = reverse_continue(history, [AtInstructionCount(40, count=3)])
    assert stop is not None
    assert machine.executed == 40


def test_going_on_after_a_reverse_stop_executes_the_instruction() -> None:
    machine, _ = load("keys")
    on = AtMnemonic(frozenset({"SSKE"}))
    machine.stops.add(on)
    history = History(machine)
    history.run()
    first = machine.executed
    history.run()
    assert machine.executed > first
    assert reverse_continue(history, [on]) is not None
    assert machine.executed == first
    history.run()
    assert machine.executed > first


@pytest.mark.parametrize(
    ("image", "instructions", "watched"),
    (
        ("keys", 9000, OfRegister("gr2")),
        ("keys", 9000, OfRegister("cr0")),
        ("keys", 6000, OfRegister("prefix")),
        ("keys", 9000, OfStorage(0x8E, 2)),
        ("keys", 9000, OfStorage(0x3D000, 8)),
        ("essa-table", 9000, OfUsage(0x110)),
        ("essa-table", 9000, OfPage(0x110)),
    ),
)
@pytest.mark.parametrize("interval", (None, 700))
def test_the_last_changes_are_found(image: str, instructions: int, watched: Watched, interval: int | None) -> None:
    expected = seen(image, instructions, watched).changes[: -_MOST - 1 : -1]
    machine, _ = load(image)
    history = History(machine, interval=interval)
    history.run(instructions)
    before = take(machine)
    found = last_changes(history, machine, watched, _MOST)
    assert differences(before["cpus"], take(machine)["cpus"]) == []
    assert len(found) == len(expected)
    for change, (number, address, old, new) in zip(found, expected, strict=True):
        assert (change.before, change.after) == (old, new)
        if change.by is ChangedBy.INSTRUCTION:
            assert (change.position.instruction, change.position.step, change.address) == (number, 0, address)
        else:
            assert change.interruption is not None


_MOST = 5


def test_the_last_change_of_a_key() -> None:
    page = next(hit.event.page for hit in _key_hits())
    assert page is not None
    expected = seen("keys", 9000, OfKey(page)).changes[-1]
    machine, _ = load("keys")
    history = History(machine)
    history.run(9000)
    (found,) = last_changes(history, machine, OfKey(page))
    assert (found.position.instruction, found.address, found.before, found.after) == expected
    assert found.instruction[:1] in (b"\xb2", b"\xb9")


def _key_hits() -> tuple[object, ...]:
    machine, _ = load("keys")
    machine.stops.add(StorageKeyChange())
    return machine.run().hits


def counting(before: bytes, rounds: int, code: bytes = b"") -> Machine:
    """A machine that executes *before*, and then so many *rounds* of *code* and BRCTG 2."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    back = (-len(code) // 2 & 0xFFFF).to_bytes(2, "big")
    machine.storage.write(CODE, before + code + bytes.fromhex("a727") + back + bytes(2))
    cpu.gr[1], cpu.gr[2] = 1, rounds
    cpu.set_control_register(0, 0x0000_0000_0006_0000)
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    return machine


CODE = 0x10000
AGHI_9 = (bytes.fromhex("a79b0001"), bytes.fromhex("a79bffff"))
"""AGHI 9,1; AGHI 9,-1."""


@pytest.mark.parametrize(
    ("name", "code"),
    (
        ("gr9", "a79b0001 a79bffff"),
        ("ar5", "b24e0051 b24e0052"),  # SAR 5,1; SAR 5,2
        ("fr3", "b3c10031 b3c10032"),  # LDGR 3,1; LDGR 3,2
        ("vr17", "e71100013822 e71200013822"),  # VLVG 17,1,1,3; VLVG 17,2,1,3
        ("pswm", "010c 010e"),  # SAM24, SAM64, of which only the mode is another
    ),
)
def test_a_change_that_was_taken_back_is_found_however_long_ago_it_was(name: str, code: str) -> None:
    instructions = bytes.fromhex(code)
    machine = counting(instructions, 300_000)
    history = History(machine, interval=90_000)
    history.run(250_000)
    last, first = last_changes(history, machine, OfRegister(name), 2)
    second = len(instructions) // 2
    assert [(each.position.instruction, each.address) for each in (first, last)] == [(0, CODE), (1, CODE + second)]
    assert (first.after, last.instruction) == (last.before, instructions[second:])
    assert [each.position.instruction for each in last_changes(history, machine, OfRegister(name), 9)] == [1, 0]


def test_more_changes_than_are_kept_at_a_time() -> None:
    machine = counting(b"".join(AGHI_9), 40_000)
    history = History(machine, interval=7_000)
    history.run(30_000)
    found = last_changes(history, machine, OfRegister("gr2"), 1_500)
    assert [each.position.instruction for each in found] == list(range(29_999, 28_499, -1))
    assert all((each.before, each.address) == (int(each.after) + 1, CODE + 8) for each in found)


@pytest.mark.parametrize("name", ("cc", "pc", "tod"))
def test_what_is_neither_followed_nor_stopped_at_is_looked_for_one_by_one(name: str) -> None:
    machine = counting(AGHI_9[0], 40_000)
    history = History(machine, interval=7_000)
    history.run(12_000)
    (found,) = last_changes(history, machine, OfRegister(name))
    # AGHI sets the condition code, which nothing does after it; BRCTG leads to itself.
    assert found.position.instruction == (11_999 if name == "tod" else 0)


def test_a_search_that_is_stopped_follows_no_more_and_the_machine_is_where_it_was() -> None:
    machine = counting(AGHI_9[0], 300_000)
    history = History(machine, interval=90_000)
    history.run(200_000)
    here = history.position
    asked: list[bool] = []

    def is_to_stop() -> bool:
        asked.append(machine._engines[0].followed is not None)
        return asked.count(True) == 1 and asked[-1]

    history.is_to_stop = is_to_stop
    with pytest.raises(StoppedOnTheWay):
        last_changes(history, machine, OfRegister("gr9"))
    assert history.position == here
    assert machine._engines[0].followed is None
    (found,) = last_changes(history, machine, OfRegister("gr9"))
    assert found.position.instruction == 0


# Who it was, if not an instruction


def test_an_interruption_has_changed_what_it_stored() -> None:
    machine, _ = load("essa-table")
    history = History(machine)
    machine.stops.add(AtInterruption("program", frozenset({0x1A})))
    history.run()
    (found,) = last_changes(history, machine, OfStorage(0xA8, 8))
    assert found.by is ChangedBy.INTERRUPTION
    assert found.interruption is not None
    assert (found.interruption.interruption, found.interruption.code) == ("program", 0x1A)
    assert (found.instruction.hex(), found.after) == ("e33020000090", bytes.fromhex("0000000000110000"))


class _HostChanges(Observer):
    """The changes of each page's state that the host has made, and when, with each step made by itself."""

    wants_instructions = True

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.changes: dict[int, list[tuple[int, int, int]]] = {}

    def host_changed(self, page: int, before: int, after: int) -> None:
        self.changes.setdefault(page, []).append((self._machine.executed, before, after))


@pytest.mark.parametrize("content", (Content.RESIDENT, Content.PRESERVED, Content.ZERO))
def test_the_host_has_changed_where_a_page_is(content: Content) -> None:
    instructions = 100_000
    machine, _ = load("pressure", 4, frames=0)
    stepped = _HostChanges(machine)
    machine.observers.append(stepped)
    machine.run(instructions)
    machine, host = load("pressure", 4, frames=0)
    history = History(machine, host=host, interval=20_000)
    history.run(instructions)
    pages = [page for page, changes in stepped.changes.items() if changes[-1][2] & 3 == content]
    for page in pages[:3]:
        found = [each for each in last_changes(history, machine, OfPage(page), 8) if each.by is ChangedBy.HOST]
        expected = stepped.changes[page][: -len(found) - 1 : -1]
        assert [(each.position.instruction, each.before, each.after) for each in found] == expected
        assert found


def test_what_a_discarded_page_held_the_host_has_taken() -> None:
    machine, host = load("pressure", 4, frames=0)
    history = History(machine, host=host, interval=20_000)
    history.run(150_000)
    volatile_and_zero = [page for page, state in enumerate(machine.states.bytes) if state & 0x0F == 0x0F]
    found = [last_changes(history, machine, OfStorage(page << 12, 0x1000)) for page in volatile_and_zero[:4]]
    assert any(change.by is ChangedBy.HOST and not any(change.after) for changes in found for change in changes)


class _StoringDevice:
    """Stores a byte when its time has come."""

    STATE: ClassVar = Section("storing device", "is_done", excluded={"_machine": "where it is", "_work": "fixed"})
    interruption_mask = 0
    pending_subclasses = 0

    def __init__(self, machine: Machine, work: int) -> None:
        self._machine, self._work = machine, work
        self.is_done = False
        machine.configuration.call_at(work)

    def pending_interruption(self, _: Cpu) -> None:
        return None

    def reset(self) -> None:
        pass

    def perform(self) -> None:
        configuration = self._machine.configuration
        if configuration.timing.work < self._work:
            configuration.call_at(self._work)
        elif not self.is_done:
            self.is_done = True
            configuration.storage.write(0x3D0000, b"d")


def test_a_device_has_stored_between_two_instructions() -> None:
    machine, _ = load("loops")
    machine.configuration.devices.append(_StoringDevice(machine, 500))
    history = History(machine, interval=300)
    history.run(1000)
    (found,) = last_changes(history, machine, OfStorage(0x3D0000))
    # What was no page before has been given a frame for it.
    assert (found.by, found.before, found.after) == (ChangedBy.DEVICE, b"\0", b"d")
    history.go(found.position)
    assert machine.timing.work == 500
    assert not found.instruction or OfStorage(0x3D0000).value(machine) == b"\0"


@pytest.mark.parametrize("watched", (OfStorage(0x3D0000), OfRegister("gr9"), OfKey(0x3D0)))
@pytest.mark.parametrize("later", (0, 1, 100))
def test_it_was_changed_from_outside(watched: Watched, later: int) -> None:
    machine, _ = load("loops")
    history = History(machine, interval=300)
    history.run(1000)
    before = watched.value(machine)
    with history.changing():
        machine.configuration.storage.write(0x3D0000, b"d")
        machine.cpus[0].gr[9] ^= 0x100
        machine.keys.bytes[0x3D0] = 0x38
    after = watched.value(machine)
    history.run(later)
    found = last_changes(history, machine, watched)[-1]
    assert (found.by, found.position.instruction) == (ChangedBy.OUTSIDE, 1000)
    assert (found.before, found.after) == (before, after)


@pytest.mark.parametrize("watched", (OfUsage(0x110), OfPage(0x110), OfRegister("gr0"), OfRegister("pswm")))
def test_an_instruction_has_changed_it_just_before_something_was_changed_from_outside(watched: Watched) -> None:
    machine, _ = load("essa-table")
    history = History(machine)
    machine.stops.add(PageStateChange(0x110))
    history.run()
    stopped = machine.executed
    changes = seen("essa-table", stopped, watched).changes
    with history.changing():
        machine.cpus[0].gr[9] ^= 0x100
    history.run(20)
    history.go_to(stopped + 1)
    since = last_changes(history, machine, watched, 1 << 20, stopped - 100)
    expected = [each for each in changes if each[0] >= stopped - 100]
    assert [each.position.instruction for each in since if each.position.instruction < stopped][::-1] == [
        each[0] for each in expected
    ]
    if isinstance(watched, OfUsage | OfPage):
        assert since[0].position.instruction == stopped - 1


def test_nothing_is_looked_for_before_a_moment() -> None:
    machine, _ = load("essa-table")
    history = History(machine)
    history.run(9000)
    (change,) = last_changes(history, machine, OfUsage(0x110), 100)
    assert last_changes(history, machine, OfUsage(0x110), 100, change.position.instruction) == [change]
    assert last_changes(history, machine, OfUsage(0x110), 100, change.position.instruction + 1) == []
