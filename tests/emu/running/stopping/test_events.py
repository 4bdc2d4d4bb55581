# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops at what the machine announces: interruptions before and after, contents of pages, the console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emu.cpu import CpuState
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Content
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, WAIT, Psw
from emu.running.stopping.kinds import AtAddress, AtInterruption, ConsoleText, ContentChange, FirstTouch, StopOn
from emu.snapshot import differences
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.support.stopping import CODE, HANDLER, PLACES, TURNS, WAYS, Stepwise, program, stops_of

CLOCK_COMPARATOR, EXTERNAL_CALL = 1 << 63 - 52, 1 << 63 - 50


# Interruptions


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("interruption", "code", "place"), (("svc", 5, "call"), ("program", 1, "invalid")))
def test_before_an_interruption_the_machine_is_at_the_instruction(
    interruption: str, code: int, place: str, way: int | str | None
) -> None:
    on = AtInterruption(interruption, frozenset({code}), before=True)
    seen, stop, state = stops_of(program(), on, way=way)
    assert [(each.address, each.is_before) for each in seen] == [(PLACES[place], True)] * TURNS
    without = stops_of(program())
    assert stop == without[1]
    assert not differences(without[2], state)


@pytest.mark.parametrize("way", WAYS)
def test_a_privileged_operation_is_counted_once_whether_it_is_stopped_before_or_not(way: int | str | None) -> None:
    def machine() -> Machine:
        made = program()
        # A state that no page has, and a request that ESSA does not know.
        made.storage.write(PLACES["unused"], assemble("ESSA 5,6,9"))
        return made

    on = AtInterruption("program", frozenset({6}), before=True)
    seen, _, state = stops_of(machine(), on, way=way)
    assert [each.address for each in seen] == [PLACES["unused"]] * TURNS
    assert not differences(stops_of(machine())[2], state)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_completed_is_stopped_after(way: int | str | None) -> None:
    def machine() -> Machine:
        made = program()
        # MONITOR CALL of class 1, which control register 8 lets through.
        made.storage.write(PLACES["unused"], bytes.fromhex("af010000"))
        made.cpus[0].set_control_register(8, 0xFFFF)
        return made

    on = AtInterruption("program", frozenset({0x40}), before=True)
    seen, _, state = stops_of(machine(), on, way=way)
    assert [(each.address, each.is_before) for each in seen] == [(HANDLER + 0x10, False)] * TURNS
    assert not differences(stops_of(machine())[2], state)


def waiting() -> Machine:
    """A machine in an enabled wait, which a clock comparator ends, and then the handler waits for nothing."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.storage.write(HANDLER, bytes.fromhex("a71a0001") + assemble("LPSWE 0x2F0(0)"))
    machine.storage.write(0x2F0, Psw(ADDRESSING_MODE | WAIT, 0xFFF).to_bytes())
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, CODE))
    cpu.psw_loaded = False
    cpu.set_control_register(0, CLOCK_COMPARATOR)
    cpu.clock_comparator = machine.timing.tod + 1_000_000
    cpu.state = CpuState.OPERATING
    return machine


@pytest.mark.parametrize("way", WAYS)
def test_an_interruption_that_ends_a_wait(way: int | str | None) -> None:
    without = stops_of(waiting())
    stops = (
        AtInterruption("external", frozenset({0x1004}), before=True),
        AtInterruption("external", frozenset({0x1004})),
        AtAddress(HANDLER),
        AtAddress(CODE),
    )
    seen, stop, state = stops_of(waiting(), *stops, way=way)
    assert [(each.address, each.is_before) for each in seen] == [(CODE, True), (HANDLER, False), (HANDLER, True)]
    assert stop == without[1]
    assert not differences(without[2], state)


def test_a_stop_before_an_interruption_leaves_it_pending() -> None:
    machine = program()
    cpu = machine.cpus[0]
    cpu.set_control_register(0, EXTERNAL_CALL)
    cpu.pending.external_call = 0
    machine.stops.add(AtInterruption("external", before=True))
    stop = machine.run()
    assert (stop.psw.address, stop.is_before, cpu.pending.external_call) == (CODE, True, 0)
    assert stop.hits[0].event.code == 0x1202
    machine.run(1)
    assert cpu.pending.external_call is None


def test_a_restart() -> None:
    machine = program()
    machine.storage.write(0x1A0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    machine.cpus[0].restart_pending = True
    machine.stops.add(AtInterruption("restart", before=True))
    machine.stops.add(AtInterruption("restart"))
    assert [machine.run().psw.address for _ in range(2)] == [CODE, HANDLER]


def test_an_old_psw_is_known() -> None:
    machine = program()
    machine.stops.add(AtInterruption("svc"))
    old = machine.run().hits[0].event.old_psw
    assert old is not None
    assert old.address == PLACES["call"] + 2


# Contents


@pytest.mark.parametrize("way", WAYS)
def test_the_first_touch_of_a_page(way: int | str | None) -> None:
    without = stops_of(program())
    seen, stop, state = stops_of(program(), FirstTouch(0x103), way=way)
    assert [(each.address, each.is_before) for each in seen] == [(PLACES["next page"], False)]
    assert stop == without[1]
    assert not differences(without[2], state)


@pytest.mark.parametrize("way", WAYS)
def test_any_first_touch(way: int | str | None) -> None:
    seen, _, _ = stops_of(program(), FirstTouch(), way=way)
    assert [each.address for each in seen].count(PLACES["next page"]) == TURNS


@contextmanager
def on_a_host(way: str) -> Iterator[tuple[Machine, PageManager]]:
    """A machine about to store into a page over and over, on a host that can take the page."""
    with PagingDevice(None, 256) as device:
        manager = PageManager(256, device=device)
        machine = Machine(MEGABYTE, hypervisor=manager.guest())
        cpu = machine.cpus[0]
        machine.load_storage(CODE, bytes.fromhex("42103000a7f4fffe"))
        cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
        cpu.psw_loaded = False
        cpu.gr[3] = 0x40000
        cpu.state = CpuState.OPERATING
        machine.run(10)
        if way == "stepped":
            machine.observers.append(Stepwise())
        yield machine, manager


@pytest.mark.parametrize("way", ("freely", "stepped"))
def test_a_page_that_the_host_takes_and_brings_back(way: str) -> None:
    with on_a_host(way) as (machine, manager):
        machine.stops.add(ContentChange(0x40, Content.PRESERVED))
        machine.stops.add(ContentChange(0x40, Content.RESIDENT))
        assert manager.evict(0, 0x40)
        # That was between two runs.
        stop = machine.run(1000)
        assert [hit.number for hit in stop.hits] == [2]
        assert (stop.psw.address, stop.is_before) == (CODE + 4, False)
        assert machine.run(1000).kind is StopKind.BUDGET


# The console


class Writer(Stepwise):
    """Writes on the console, as the guest would, at two instructions."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def retired(self, cpu: object, address: int, instruction: bytes) -> None:
        part = {PLACES["add"]: b"log", PLACES["move"]: b"in: "}.get(address)
        if part:
            for observer in self._machine.observers:
                observer.console_written(part)


def test_a_text_of_the_console_that_is_written_in_parts() -> None:
    machine = program()
    machine.observers.append(Writer(machine))
    on: StopOn = ConsoleText(b"login: ")
    machine.stops.add(on)
    for _ in range(2):
        stop = machine.run()
        assert (stop.psw.address, stop.is_before) == (PLACES["unused"], False)
    machine.stops.clear()
    assert machine.run().kind is StopKind.DISABLED_WAIT
