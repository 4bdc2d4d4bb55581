# SPDX-License-Identifier: GPL-2.0-or-later
"""Making room for a page: who is asked, how often, and what is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from emu.hypervisor import FirstTouchHypervisor, FrameShortage, HostFailure
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.room import load_storage, read_storage, supply

PAGE = 0x26000


class Host(FirstTouchHypervisor):
    """Has a frame for a page only after it has been asked for room often enough."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.attempts: list[int] = []
        self.short: dict[int, int] = {}
        """How often each page must be asked for."""
        self.stores: list[int] = []

    def supply(self, attempt: int) -> None:
        self.attempts.append(attempt)
        if attempt > 5:
            raise HostFailure("no frame can be made free")

    def frame(self, page: int) -> int:
        if self.short.get(page):
            self.short[page] -= 1
            raise FrameShortage
        return super().frame(page)

    def frame_for_store(self, page: int) -> int:
        self.stores.append(page)
        return super().frame_for_store(page)


@pytest.fixture
def machine() -> Machine:
    return Machine(MEGABYTE, cpus=2, hypervisor=Host)


@pytest.fixture
def host(machine: Machine) -> Any:
    return machine.hypervisor


# For an instruction


def test_the_first_attempt_of_an_instruction_is_not_in_vain(machine: Machine, host: Host) -> None:
    supply(machine.cpus[0])
    assert host.attempts == [0]


def test_each_attempt_of_the_same_instruction_with_the_same_registers_says_how_often_it_was_in_vain(
    machine: Machine, host: Host
) -> None:
    for _ in range(4):
        supply(machine.cpus[0])
    assert host.attempts == [0, 1, 2, 3]


@pytest.mark.parametrize("change", ("executed", "instruction_address", "register"))
def test_an_attempt_with_anything_else_is_a_first_one(machine: Machine, host: Host, change: str) -> None:
    cpu = machine.cpus[0]
    supply(cpu)
    supply(cpu)
    if change == "register":
        # An interruptible instruction goes on so.
        cpu.gr[15] += 1
    else:
        setattr(cpu, change, getattr(cpu, change) + 2)
    supply(cpu)
    assert host.attempts == [0, 1, 0]


def test_the_attempts_of_another_cpu_are_its_own(machine: Machine, host: Host) -> None:
    for cpu in (*machine.cpus, machine.cpus[1]):
        supply(cpu)
    assert host.attempts == [0, 0, 1]


def test_a_host_that_cannot_make_room_says_so(machine: Machine) -> None:
    for _ in range(6):
        supply(machine.cpus[0])
    with pytest.raises(HostFailure, match="no frame can be made free"):
        supply(machine.cpus[0])


# From outside


def test_loading_goes_page_by_page_and_begins_no_page_again(machine: Machine, host: Host) -> None:
    host.short[PAGE + 0x1000 >> 12] = 2
    data = bytes(range(1, 251)) * 40
    load_storage(machine.storage, PAGE + 0x10, data)
    assert machine.storage.read(PAGE + 0x10, len(data)) == data
    assert host.attempts == [0, 1]
    # Three pages, the second tried three times.
    assert host.stores == [0x26, 0x27, 0x27, 0x27, 0x28]


def test_nothing_is_touched_for_no_data(machine: Machine, host: Host) -> None:
    load_storage(machine.storage, 1 << 40, b"")
    assert host.stores == []


def test_reading_is_tried_until_there_is_room(machine: Machine, host: Host) -> None:
    machine.storage.write(PAGE, b"abc")
    host.short[PAGE >> 12] = 3
    assert read_storage(machine.storage, PAGE, 3) == b"abc"
    assert host.attempts == [0, 1, 2]


def test_outside_of_storage_is_an_addressing_exception(machine: Machine, host: Host) -> None:
    for access in (
        lambda: load_storage(machine.storage, MEGABYTE - 1, b"12"),
        lambda: read_storage(machine.storage, MEGABYTE, 1),
    ):
        with pytest.raises(ProgramInterruption) as raised:
            access()
        assert raised.value.code is ProgramInterruptionCode.ADDRESSING
    assert machine.storage.read(MEGABYTE - 1, 1) == b"1"
    assert host.attempts == []


def test_a_host_that_fails_is_not_asked_again(machine: Machine, host: Host) -> None:
    host.short[PAGE >> 12] = 100
    with pytest.raises(HostFailure):
        read_storage(machine.storage, PAGE, 1)
    assert host.attempts == [0, 1, 2, 3, 4, 5, 6]
