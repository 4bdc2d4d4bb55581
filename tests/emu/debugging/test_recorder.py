# SPDX-License-Identifier: GPL-2.0-or-later
"""Moments: the whole state is taken and put back, and what is equal is shared."""

from __future__ import annotations

from emu.debugging.page_store import PageStore
from emu.debugging.recorder import Position, Recorder, is_of_cpus_or_time, size_of
from emu.machine import Machine
from emu.snapshot import differences, take


def test_a_moment_is_put_back(machine: Machine) -> None:
    recorder = Recorder(machine, None, PageStore(1 << 20))
    cpu = machine.cpus[0]
    machine.storage.write(0x5000, b"before")
    before = take(machine)
    moment = recorder.take(Position(0), None)
    assert differences(before, take(machine)) == []
    machine.storage.write(0x5000, b"after")
    machine.storage.write(0x9000, b"new")
    machine.keys.bytes[5] = 0x10
    machine.states.bytes[6] = 0x04
    cpu.gr[3], cpu.prefix, cpu.executed = 7, 0x2000, 9
    cpu.set_control_register(1, 0x3000)
    machine.timing.work += 5
    machine.counts.instructions["ESSA"] += 1
    after = take(machine)
    later = recorder.take(Position(9), moment)
    recorder.put(moment)
    assert differences(before, take(machine)) == []
    recorder.put(later)
    assert differences(after, take(machine)) == []


def test_what_is_equal_is_shared(machine: Machine) -> None:
    store = PageStore(1 << 20)
    recorder = Recorder(machine, None, store)
    machine.storage.write(0x5000, b"content")
    first = recorder.take(Position(0), None)
    machine.cpus[0].gr[3] = 7
    second = recorder.take(Position(1), first)
    assert store.used == 1
    shared = [path for path in second.values if second.values[path] is first.values[path]]
    assert ("configuration", "keys", "array") in shared
    assert ("configuration", "cpus", 0, "registers", "general") not in shared
    assert second.size < first.size / 10


def test_a_page_that_was_nowhere_is_nowhere_again(machine: Machine) -> None:
    recorder = Recorder(machine, None, PageStore(1 << 20))
    moment = recorder.take(Position(0), None)
    machine.storage.write(0x5000, b"content")
    recorder.put(moment)
    assert machine.hypervisor.content(5) is None
    assert machine.storage.read(0x5000, 7) == bytes(7)


def test_code_that_was_translated_is_forgotten_where_it_has_changed(machine: Machine) -> None:
    recorder, cpu = Recorder(machine, None, PageStore(1 << 20)), machine.cpus[0]
    load, branch = bytes.fromhex("a7190001"), bytes.fromhex("a7f4fffe")
    machine.storage.write(0x10000, load + branch)
    moment = recorder.take(Position(0), None)
    machine.run(10)
    machine.storage.write(0x10000, bytes.fromhex("a7190002"))
    machine.run(10)
    assert cpu.gr[1] == 2
    recorder.put(moment)
    machine.run(10)
    assert cpu.gr[1] == 1


def test_what_tells_steps_apart(machine: Machine) -> None:
    recorder = Recorder(machine, None, PageStore(1 << 20))
    before = recorder.look()
    machine.counts.instructions["ESSA"] += 1
    machine.configuration.turns.end = 5
    assert recorder.look() == before
    machine.timing.work += 1
    assert recorder.look() != before
    assert all(map(is_of_cpus_or_time, before))
    assert not is_of_cpus_or_time(("host",))


def test_sizes_of_plain_data() -> None:
    assert size_of({"data": bytes(1000)}) > 1000
    assert size_of([bytes(1000)] * 3) > 3000
    assert size_of(5) < 100
