# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage looked at without touching it, in every space."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.inspection.storage import NoStorageError, Space, bytes_at, locate, look
from emu.machine import Machine
from emu.page_states import Content, Usage
from emu.psw import ADDRESSING_MODE, DAT, AddressSpaceControl, Psw
from emu.snapshot import differences, take
from tests.emu.conftest import AddressSpace

PAGE = 0x150
ADDRESS = PAGE << 12
FRAME = 0x180000


def test_absolute_and_real(machine: Machine, cpu: Cpu) -> None:
    machine.load_storage(0x100, b"zero")
    machine.load_storage(0x12100, b"area")
    cpu.set_prefix(0x12000)
    assert bytes_at(cpu, 0x100, 4, Space.ABSOLUTE) == b"zero"
    assert bytes_at(cpu, 0x100, 4, Space.REAL) == b"area"
    assert bytes_at(cpu, 0x100, 4) == b"area", "a logical address is real with DAT off"


def test_virtual(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    address_space.map(ADDRESS, FRAME)
    address_space.enter(cpu)
    machine.load_storage(FRAME + 0x10, b"here")
    assert locate(cpu, ADDRESS + 0x10) == FRAME + 0x10
    assert bytes_at(cpu, ADDRESS + 0x10, 4) == b"here"
    assert bytes_at(cpu, ADDRESS + 0x10, 4, Space.INSTRUCTION) == b"here"
    with pytest.raises(NoStorageError, match=r"^151000: page translation \(0x0011\) in the primary space$"):
        bytes_at(cpu, ADDRESS, 0x1001)


def test_each_space_by_its_own_register(machine: Machine, cpu: Cpu) -> None:
    frames = {1: 0x180000, 7: 0x190000, 13: 0x1A0000}
    designations = {}
    for number, (register, frame) in enumerate(frames.items()):
        space = AddressSpace(machine, 0x200000 + 0x20000 * number)
        space.map(ADDRESS, frame)
        designations[register] = space.asce
    for register, asce in designations.items():
        cpu.set_control_register(register, asce)
    assert locate(cpu, ADDRESS, Space.PRIMARY) == frames[1]
    assert locate(cpu, ADDRESS, Space.SECONDARY) == frames[7]
    assert locate(cpu, ADDRESS, Space.HOME) == frames[13]
    for control, operands, instructions in (
        (AddressSpaceControl.PRIMARY, 1, 1),
        (AddressSpaceControl.ACCESS_REGISTER, 1, 1),
        (AddressSpaceControl.SECONDARY, 7, 1),
        (AddressSpaceControl.HOME, 13, 13),
    ):
        cpu.load_psw(Psw(ADDRESSING_MODE | DAT | control << 46, 0))
        assert locate(cpu, ADDRESS) == frames[operands]
        assert locate(cpu, ADDRESS, Space.INSTRUCTION) == frames[instructions]


def test_outside_the_memory(machine: Machine, cpu: Cpu) -> None:
    last = machine.memory - 1
    assert bytes_at(cpu, last, 1) == b"\0"
    with pytest.raises(NoStorageError, match=r"lies outside the memory of 400000 bytes$"):
        bytes_at(cpu, last, 2)
    with pytest.raises(ValueError, match="lies outside"):
        bytes_at(cpu, -1, 1, Space.ABSOLUTE)


@pytest.mark.parametrize(
    ("state", "data", "mark"),
    (
        (Usage.STABLE | Content.RESIDENT, b"old!", ""),
        (Usage.STABLE | Content.ZERO, bytes(4), "Sz: logically zero"),
        (Usage.UNUSED | Content.RESIDENT, b"old!", "Ur: a touch gives addressing (0x0005)"),
        (Usage.UNUSED | Content.ZERO, bytes(4), "Uz: logically zero, a touch gives addressing (0x0005)"),
        (Usage.VOLATILE | Content.ZERO, bytes(4), "Vz: logically zero, a touch gives discard fault (0x001a)"),
    ),
)
def test_bytes_of_any_page_are_shown_and_marked(machine: Machine, cpu: Cpu, state: int, data: bytes, mark: str) -> None:
    machine.load_storage(ADDRESS, b"old!")
    machine.states.bytes[PAGE] = state
    (piece,) = look(cpu, ADDRESS, 4, Space.ABSOLUTE)
    assert (piece.data, piece.mark) == (data, mark)


def test_looking_changes_nothing(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    address_space.map(ADDRESS, FRAME)
    address_space.enter(cpu)
    before = take(machine)
    bytes_at(cpu, ADDRESS, 0x1000)
    bytes_at(cpu, FRAME, 0x1000, Space.ABSOLUTE)
    assert not list(differences(before, take(machine)))
