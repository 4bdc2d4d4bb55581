# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened last: stops and changes are found in the order in which they came, the last one first."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.debugging.backward import OfKey, OfRegister, OfStorage, OfUsage, Watched, last_change, reverse_continue
from emu.debugging.history import History
from emu.events import Observer
from emu.isa.declaration import decode
from emu.machine import Machine
from emu.running.stopping.kinds import AtInstructionCount, AtInterruption, AtMnemonic, StorageKeyChange
from emu.snapshot import differences, take
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
        ("essa-table", 9000, OfUsage(0x110)),
    ),
)
@pytest.mark.parametrize("interval", (None, 700))
def test_the_last_change_is_found(image: str, instructions: int, watched: Watched, interval: int | None) -> None:
    expected = seen(image, instructions, watched).changes
    machine, _ = load(image)
    history = History(machine, interval=interval)
    history.run(instructions)
    before = take(machine)
    found = last_change(history, machine, watched)
    assert differences(before["cpus"], take(machine)["cpus"]) == []
    if not expected:
        assert found is None
        return
    number, address, old, new = expected[-1]
    assert found is not None
    assert (found.before, found.after) == (old, new)
    if found.position.instruction == number:
        assert (found.address, found.position.step) == (address, 0)


def test_the_last_change_of_a_key() -> None:
    page = next(hit.event.page for hit in _key_hits())
    assert page is not None
    expected = seen("keys", 9000, OfKey(page)).changes[-1]
    machine, _ = load("keys")
    history = History(machine)
    history.run(9000)
    found = last_change(history, machine, OfKey(page))
    assert found is not None
    assert (found.position.instruction, found.address, found.before, found.after) == expected
    assert found.instruction[:1] in (b"\xb2", b"\xb9")


def _key_hits() -> tuple[object, ...]:
    machine, _ = load("keys")
    machine.stops.add(StorageKeyChange())
    return machine.run().hits
