# SPDX-License-Identifier: GPL-2.0-or-later
"""Which bytes an instruction stores into, as PER sees it (PoP 4, "Storage Alteration"), to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emu.cpu import Cpu
from emu.engine import watched_storage
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, DAT, PER, AddressSpaceControl, Psw
from tests.conftest import PROGRAM_ADDRESS as START

if TYPE_CHECKING:
    from tests.emu.conftest import AddressSpace

ALTERATION, IN_SPACES = 1 << 29, 1 << 21
DATA = 0x20000
"""In general register 4; register 5 has the address of the second operand."""

STORES = {
    "MVI": ("92104000", 0, 1),
    "NI that changes nothing": ("94ff4000", 0, 1),
    "OI": ("96804008", 8, 1),
    "XI": ("97004007", 7, 1),
    "ST": ("50104004", 4, 4),
    "STG off its boundary": ("e31040030024", 3, 8),
    "STH": ("40104002", 2, 2),
    "STC": ("42104005", 5, 1),
    "STCM": ("be154000", 0, 2),
    "STM": ("90134000", 0, 12),
    "STMG": ("eb1340000024", 0, 24),
    "STMH": ("eb1340000026", 0, 12),
    "STRVG": ("e3104000002f", 0, 8),
    "STFPC": ("b29c4000", 0, 4),
    "STD": ("60104000", 0, 8),
    "STE": ("70104000", 0, 4),
    "STAM": ("9b134000", 0, 12),
    "MVHHI": ("e5444000ffff", 0, 2),
    "MVHI": ("e54c4000ffff", 0, 4),
    "MVGHI": ("e5484000ffff", 0, 8),
    "ASI": ("eb014000006a", 0, 4),
    "AGSI": ("eb014000007a", 0, 8),
    "MVC": ("d20f40005000", 0, 16),
    "MVC that overlaps": ("d20640014000", 1, 7),
    "MVC from page to page": ("d20f4ff85000", 0xFF8, 16),
    "MVCIN": ("e80340005004", 0, 4),
    "MVN": ("d10340005000", 0, 4),
    "MVZ": ("d30340005000", 0, 4),
    "MVO": ("f17340005000", 0, 8),
    "NC": ("d40340005000", 0, 4),
    "OC": ("d60340005000", 0, 4),
    "XC": ("d7ff40004000", 0, 256),
    "TR": ("dc0340005000", 0, 4),
    "PACK": ("f27740005000", 0, 8),
    "UNPK": ("f37340005000", 0, 8),
    "ZAP": ("f87040005010", 0, 8),
    "CVD": ("4e104000", 0, 8),
    "CVDG": ("e3104000002e", 0, 16),
    "CS": ("ba014000", 0, 4),
    "CSG": ("eb0140000030", 0, 8),
    "CDSG": ("eb004000003e", 0, 16),
    "LAA": ("eb01400000f8", 0, 4),
    "LAAG": ("eb01400000e8", 0, 8),
    "STPQ": ("e3204000008e", 0, 16),
    "TS": ("93004000", 0, 1),
    "STOCG": ("eb1f400000e3", 0, 8),
    "STRL": ("c41f00008000", 0, 4),
    "VST": ("e7104000000e", 0, 16),
    "VSTM": ("e7124000003e", 0, 32),
    "VSTL": ("e7174000003f", 0, 16),
    "VSTEB": ("e71040000008", 0, 1),
    "VSTEG": ("e7104000000a", 0, 8),
    "MVCL": ("0e46", 0, 16),
    "MVST": ("b2550045", 0, 3),
    "MVCLE": ("a8460000", 0, 16),
    "CUUTF": ("b2a70046", 0, 2),
    # The model's
    "STCK": ("b2054000", 0, 8),
    "STCKE": ("b2784000", 0, 16),
    "STAP": ("b2124000", 0, 2),
    "STNSM": ("acff4000", 0, 1),
    "STFLE": ("b2b04000", 0, 8),
    "STCTG": ("eb1340000025", 0, 24),
    "CSPG": ("b98a0004", 0, 8),
    "MVPG": ("b2540046", 0, 4096),
}


def prepare(machine: Machine, code: str, data: int = DATA, mask: int = ADDRESSING_MODE | PER) -> Cpu:
    cpu, write = machine.cpus[0], machine.storage.write
    write(0x1D0, Psw(ADDRESSING_MODE | 1 << 49, 0x999).to_bytes())
    # Behind it, BRC 15,* to itself.
    write(START, bytes.fromhex(code + "a7f40000"))
    write(0x21000, b"ab\0" + b"\0" * 13)
    write(0x21010, b"\x1c")
    cpu.set_control_register(0, cpu.cr[0] | 1 << 18 | 1 << 17)
    cpu.gr[0] = cpu.gr[1] = cpu.gr[3] = 0
    cpu.gr[2] = 5
    cpu.gr[4] = cpu.gr[6] = data
    cpu.gr[5], cpu.gr[7] = 0x21000, 16
    if code in ("0e46", "a8460000", "b2540046", "b2a70046"):
        # The second operand is designated by register 6, and both have lengths.
        cpu.gr[5], cpu.gr[6] = 16, 0x21000
    if code == "b2a70046":
        cpu.gr[7] = 1
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False
    return cpu


def is_event(machine: Machine, area: tuple[int, int], events: int = ALTERATION, *, is_stepped: bool = True) -> bool:
    """Whether the instruction at START has a storage-alteration event, and no other condition."""
    for number, value in zip((9, 10, 11), (events, *area), strict=True):
        machine.cpus[0].set_control_register(number, value)
    machine.storage.write_integer(0x8C, 4, 0)
    if is_stepped:
        machine.step()
    else:
        machine.run(20)
    code = machine.storage.read_integer(0x8E, 2)
    assert code in (0, 0x80)
    if code:
        assert machine.storage.read_integer(0x98, 8) == START
    return bool(code)


@pytest.mark.parametrize("is_stepped", (False, True), ids=("free", "stepped"))
@pytest.mark.parametrize(("code", "offset", "length"), STORES.values(), ids=STORES)
def test_bytes_that_are_stored(machine: Machine, code: str, offset: int, length: int, *, is_stepped: bool) -> None:
    first, last = DATA + offset, DATA + offset + length - 1
    for byte, is_stored in ((first - 1, False), (first, True), (last, True), (last + 1, False)):
        prepare(machine, code)
        assert is_event(machine, (byte, byte), is_stepped=is_stepped) is is_stored, hex(byte)


@pytest.mark.parametrize("code", ("be104000", "eb10400000e3", "d50f40005000", "e31040000004", "b98a0024"))
def test_what_stores_nothing(machine: Machine, code: str) -> None:
    prepare(machine, code)
    assert not is_event(machine, (0, (1 << 64) - 1))


@pytest.mark.parametrize(("code", "offset", "length"), STORES.values(), ids=STORES)
def test_what_is_recorded_is_stored_as_ever(machine: Machine, code: str, offset: int, length: int) -> None:
    found = []
    for is_recorded in (False, True):
        storage = machine.storage
        storage.write(DATA, bytes(range(256)) * 32)
        machine.timing.work = 1000
        cpu = prepare(machine, code)
        is_event(machine, (0, (1 << 64) - 1), ALTERATION if is_recorded else 0)
        registers = list(cpu.gr)
        found.append((storage.read(DATA, 4096), storage.read(DATA + 4096, 4096), registers))
    assert found[0] == found[1]


@pytest.mark.parametrize("area", ((0x8000, 0x8FFF), (0x0, 0x0)))
def test_an_aligned_part_in_low_storage(machine: Machine, area: tuple[int, int]) -> None:
    # STG 1,0(4), where low-address protection, which is on, has rules for bytes
    cpu = prepare(machine, "e31040000024", 0x600)
    cpu.set_control_register(0, cpu.cr[0] | 1 << 28)
    for byte, is_stored in ((0x5FF, False), (0x600, True), (0x607, True), (0x608, False), (area[0], False)):
        prepare(machine, "e31040000024", 0x600)
        assert is_event(machine, (byte, byte)) is is_stored


def test_recording_follows_stores_that_were_not_recorded(machine: Machine) -> None:
    prepare(machine, "e31040000024")
    assert not is_event(machine, (0, 0))
    machine.cpus[0].instruction_address = START
    assert not is_event(machine, (0, 0), 0)
    prepare(machine, "e31040000024")
    assert is_event(machine, (DATA, DATA))
    prepare(machine, "e31040000024", DATA + 16)
    assert not is_event(machine, (DATA, DATA))


def test_a_store_into_the_code_that_follows(machine: Machine) -> None:
    # MVI 5(4),7 and LGHI 1,0, whose last byte that is, by way of the page that holds both
    cpu = prepare(machine, "92074007 a7190000", START)
    assert is_event(machine, (START + 7, START + 7))
    cpu.load_psw(Psw(ADDRESSING_MODE | PER, START + 4))
    cpu.psw_loaded = False
    machine.step()
    assert cpu.gr[1] == 7


def test_an_instruction_for_which_there_are_no_places(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_storage, "_PLACES", 1)
    # MVC from page to page
    prepare(machine, "d20f4ff85000")
    for number, value in zip((9, 10, 11), (ALTERATION, 0, 1 << 63), strict=True):
        machine.cpus[0].set_control_register(number, value)
    stop = machine.step()
    assert stop is not None
    assert "more pages" in stop.text


# Spaces


@pytest.mark.parametrize(
    "space", (AddressSpaceControl.PRIMARY, AddressSpaceControl.SECONDARY, AddressSpaceControl.HOME)
)
@pytest.mark.parametrize(
    ("asked_for", "events", "is_recorded"),
    (
        (False, ALTERATION, True),
        (False, ALTERATION | IN_SPACES, False),
        (True, ALTERATION | IN_SPACES, True),
    ),
)
def test_the_space_of_a_store(
    machine: Machine,
    address_space: AddressSpace,
    space: AddressSpaceControl,
    events: int,
    *,
    asked_for: bool,
    is_recorded: bool,
) -> None:
    cpu = prepare(machine, "e31040000024", 0x155000)
    address_space.map(START, START)
    address_space.map(0x155000, DATA)
    address_space.map(0x0, 0x0)
    address_space.enter(cpu, space=space)
    for register in (1, 7, 13):
        asks = asked_for and register == {0: 1, 2: 7, 3: 13}[space]
        cpu.set_control_register(register, cpu.cr[register] | (0x80 if asks else 0))
    cpu.load_psw(Psw(ADDRESSING_MODE | PER | DAT | space << 46, START))
    cpu.psw_loaded = False
    assert is_event(machine, (0x155000, 0x155007), events) is is_recorded
    if is_recorded:
        assert machine.storage.read_integer(0x97, 1) == 0xF0 | space << 2 | space


def test_an_area_is_of_logical_addresses(machine: Machine, address_space: AddressSpace) -> None:
    cpu = prepare(machine, "e31040000024", 0x155000)
    address_space.map(START, START)
    address_space.map(0x155000, DATA)
    address_space.enter(cpu)
    cpu.load_psw(Psw(ADDRESSING_MODE | PER | DAT, START))
    cpu.psw_loaded = False
    assert not is_event(machine, (DATA, DATA + 7))


def test_two_virtual_pages_of_one_frame(machine: Machine, address_space: AddressSpace) -> None:
    # STMG 0,3 from page to page, both of the same frame
    address_space.map(START, START)
    address_space.map(0x155000, DATA)
    address_space.map(0x156000, DATA)
    for byte, is_recorded in (
        (0x155FEF, False),
        (0x155FF0, True),
        (0x156000, True),
        (0x15600F, True),
        (0x156010, False),
    ):
        cpu = prepare(machine, "eb0340000024", 0x155FF0)
        address_space.enter(cpu)
        cpu.load_psw(Psw(ADDRESSING_MODE | PER | DAT, START))
        cpu.psw_loaded = False
        assert is_event(machine, (byte, byte)) is is_recorded, hex(byte)
