# SPDX-License-Identifier: GPL-2.0-or-later
"""What the careful engine takes back of an instruction that is refused, and what it must not take back with it."""

from __future__ import annotations

import pytest

from emu import control_registers as control
from emu import psw as psw_bits
from emu.engine import watched_storage
from emu.machine import MEGABYTE, Machine, StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PER, Psw
from emu.running.stopping.kinds import StopSpace, StorageAccess
from emu.teid import Access
from emu.watching import NoticedAccess
from tests.conftest import make_ready
from tests.emu.conftest import AddressSpace
from tests.emu.engine.test_watched_storage import ALTERATION, prepare
from tests.support.every_instruction import EveryInstruction

START, DATA, CODE_PAGE = 0x10000, 0x20000, 0x30000
LAST = 0x3FF000
"""The last page; behind it there is no storage."""
HANDLER = 0x999
STM = "900f8000"
"""STM 0,15,0(8)"""
SIXTEEN_ONES = b"\1" * 4 * 16


@pytest.fixture
def stepped() -> Machine:
    """A machine that executes each instruction alone; any program interruption ends in a disabled wait."""
    machine = Machine(4 * MEGABYTE)
    make_ready(machine.cpus[0])
    machine.observers.append(EveryInstruction())
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, HANDLER).to_bytes())
    return machine


def execute(machine: Machine, code: str, mask: int = ADDRESSING_MODE) -> int:
    """Execute *code* up to its program interruption, and give the code of that; zero if there is none."""
    machine.storage.write_integer(0x8C, 4, 0)
    machine.storage.write(START, bytes.fromhex(code))
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False
    machine.run(_count(code))
    return machine.storage.read_integer(0x8E, 2)


def _count(code: str) -> int:
    """How many instructions *code* has, which are parted by spaces."""
    return len(code.split())


# Storage


def test_a_store_into_a_page_that_was_stored_into_before_is_undone(stepped: Machine) -> None:
    """The engine is not asked for that page again."""
    stepped.cpus[0].gr[8] = LAST + 0xFE0
    # MVI 0(8),255; STM, whose second page is not there
    assert execute(stepped, f"92ff8000 {STM}") == ProgramInterruptionCode.ADDRESSING
    assert stepped.storage.read(LAST + 0xFE0, 32) == b"\xff" + bytes(31)


def test_an_interruptible_instruction_has_moved_what_lies_before_the_page_that_is_refused(stepped: Machine) -> None:
    cpu = stepped.cpus[0]
    stepped.storage.write(DATA, b"\xaa" * 256)
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = LAST + 0xF80, 0x100, DATA, 0x100
    assert execute(stepped, "0e46") == ProgramInterruptionCode.ADDRESSING
    assert stepped.storage.read(LAST + 0xF80, 0x80) == b"\xaa" * 0x80
    assert [cpu.gr[number] for number in (4, 5, 6, 7)] == [LAST + 0x1000, 0x80, DATA + 0x80, 0x80]


def test_what_was_stored_before_stays_when_an_instruction_that_stores_nothing_is_refused(stepped: Machine) -> None:
    cpu = stepped.cpus[0]
    for number in range(16):
        cpu.gr[number] = 0x01010101
    cpu.gr[8], cpu.gr[9] = DATA, 1 << 40
    # STM; MVI 0(9),1, where there is no storage
    assert execute(stepped, f"{STM} 92019000") == ProgramInterruptionCode.ADDRESSING
    stored = stepped.storage.read(DATA, 64)
    assert stored[:32] + stored[40:] == SIXTEEN_ONES[:56]


def test_both_pages_of_an_operand_are_as_they_were(stepped: Machine) -> None:
    """The page at location zero is permitted, but for its first bytes, and the operand reaches them last."""
    cpu = stepped.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
    cpu.gr[8] = 0xFE0
    # STM, from 0xFE0 to 0x101F, of which low-address protection covers the last part
    assert execute(stepped, STM) == ProgramInterruptionCode.PROTECTION
    assert stepped.storage.read(0xFE0, 0x40) == bytes(0x40)
    # What was refused then is no refusal of another instruction.
    stepped.configuration.translations.flush_all()
    cpu.gr[8] = 0xE80
    assert execute(stepped, STM) == 0
    assert stepped.storage.read_integer(0xE80 + 32, 4) == 0xE80


def test_the_registers_of_an_interruptible_instruction_say_what_it_has_stored(stepped: Machine) -> None:
    """It is executed twice: up to what is refused, and then up to before that."""
    cpu = stepped.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
    stepped.storage.write(DATA, b"\xaa" * 256)
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = 0xF80, 0x100, DATA, 0x100
    assert execute(stepped, "0e46") == ProgramInterruptionCode.PROTECTION
    moved = 0x100 - int(cpu.gr[5])
    assert 0 <= moved <= 0x80
    assert stepped.storage.read(0xF80, 0x100) == b"\xaa" * moved + bytes(0x100 - moved)
    assert [cpu.gr[number] for number in (4, 6, 7)] == [0xF80 + moved, DATA + moved, 0x100 - moved]
    assert cpu.instruction_address == HANDLER


def test_a_page_that_was_fetched_from_is_asked_for_again_when_its_key_is_another(stepped: Machine) -> None:
    cpu = stepped.cpus[0]
    cpu.gr[8] = DATA
    # L 1,0(8), with access key 1
    stepped.storage.write(START, bytes.fromhex("58108000"))
    for key, code in ((0, 0), (0x28, ProgramInterruptionCode.PROTECTION)):
        stepped.keys.bytes[DATA >> 12] = key
        stepped.configuration.translations.page_changed(DATA >> 12)
        cpu.load_psw(Psw(ADDRESSING_MODE | 1 << 52, START))
        cpu.psw_loaded = False
        stepped.step()
        assert stepped.storage.read_integer(0x8E, 2) == code


def test_behind_the_last_halfword_of_24_bit_addresses_comes_location_zero() -> None:
    machine = Machine(16 * MEGABYTE)
    make_ready(machine.cpus[0])
    cpu, last = machine.cpus[0], (1 << 24) - 2
    # LR 1,2
    machine.storage.write(last, bytes.fromhex("1812"))
    cpu.load_psw(Psw(0, last))
    cpu.psw_loaded = False
    machine.step()
    assert (cpu.psw.address, machine.executed) == (0, 1)


# What was noticed


def test_a_page_that_was_stored_into_before_it_was_watched_is_asked_for_again(stepped: Machine) -> None:
    stepped.stops.add(StorageAccess(CODE_PAGE, CODE_PAGE))
    stepped.cpus[0].gr[8] = DATA
    execute(stepped, "92018000")
    stepped.stops.add(StorageAccess(DATA, DATA))
    stepped.cpus[0].load_psw(Psw(ADDRESSING_MODE, START))
    stepped.cpus[0].psw_loaded = False
    assert stepped.run(1).kind is StopKind.STOP_POINT


@pytest.mark.parametrize("space", (StopSpace.ABSOLUTE, StopSpace.LOGICAL))
@pytest.mark.parametrize(("code", "fetches"), ((STM, False), ("980f8000", True)), ids=("STM", "LM"))
@pytest.mark.parametrize("is_stepped", (False, True), ids=("free", "stepped"))
def test_what_is_undone_has_accessed_nothing(
    machine: Machine, code: str, space: StopSpace, *, fetches: bool, is_stepped: bool
) -> None:
    """Unicorn has accessed the first page when it asks for the second, which is not there."""
    if is_stepped:
        machine.observers.append(EveryInstruction())
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, HANDLER).to_bytes())
    machine.cpus[0].gr[8] = first = machine.memory - 32
    machine.stops.add(StorageAccess(first, first + 31, space, stores=not fetches, fetches=fetches))
    machine.storage.write(START, bytes.fromhex(code))
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, START))
    machine.cpus[0].psw_loaded = False
    stop = machine.run(5)
    assert (stop.kind, stop.psw.address) == (StopKind.DISABLED_WAIT, HANDLER)


def test_what_was_noticed_before_the_instruction_stays_noticed(stepped: Machine) -> None:
    stepped.stops.add(StorageAccess(LAST, LAST + 0xFFF))
    before = NoticedAccess(1, LAST, 1, Access.STORE, is_absolute=True)
    cpu, noticed = stepped.cpus[0], stepped.configuration.watching.noticed
    cpu.gr[8] = LAST + 0xFE0
    stepped.storage.write(START, bytes.fromhex(STM))
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.psw_loaded = False
    noticed.append(before)
    cpu.configuration.translations.buffers[0].step(bytes.fromhex(STM))  # type: ignore[attr-defined]
    assert noticed == [before]


def test_an_event_of_an_interruptible_instruction_is_of_what_it_has_stored(stepped: Machine) -> None:
    stepped.storage.write(DATA, b"\xaa" * 256)
    for byte in (0xF80, 0xFFF, 0x1000):
        cpu = prepare(stepped, "0e46")
        cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
        cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = 0xF80, 0x100, DATA, 0x100
        for number, value in zip((9, 10, 11), (ALTERATION, byte, byte), strict=True):
            cpu.set_control_register(number, value)
        found = execute(stepped, "0e46", ADDRESSING_MODE | PER)
        is_stored = any(stepped.storage.read(byte, 1))
        assert found == ProgramInterruptionCode.PROTECTION | 0x80 * is_stored
        stepped.storage.write(0xF80, bytes(0x80))


def test_a_store_is_an_event_where_one_that_was_not_recorded_has_been(stepped: Machine) -> None:
    cpu = stepped.cpus[0]
    for number, value in zip((9, 10, 11), (ALTERATION, DATA, DATA), strict=True):
        cpu.set_control_register(number, value)
    cpu.gr[8] = DATA
    # MVI 0(8),1, twice; only the second one is recorded
    stepped.storage.write(START, bytes.fromhex("92018000 92018000"))
    stepped.storage.write_integer(0x8C, 4, 0)
    for mask, code in ((ADDRESSING_MODE, 0), (ADDRESSING_MODE | PER, ProgramInterruptionCode.PER_EVENT)):
        cpu.load_psw(Psw(mask, cpu.instruction_address if mask & PER else START))
        cpu.psw_loaded = False
        stepped.step()
        assert stepped.storage.read_integer(0x8E, 2) == code


# Code


def test_code_is_forgotten_by_what_stores_into_it_and_by_nothing_behind_that(
    stepped: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu, translations = stepped.cpus[0], stepped.configuration.translations
    # LGHI 1,1, in a page of its own, executed once
    stepped.storage.write(CODE_PAGE, bytes.fromhex("a7190001"))
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE_PAGE))
    cpu.psw_loaded = False
    stepped.run(1)
    written: list[int] = []
    code_written = translations.code_written

    def noted(page: int) -> None:
        written.append(page)
        code_written(page)

    monkeypatch.setattr(translations, "code_written", noted)
    cpu.gr[8], cpu.gr[9] = CODE_PAGE, DATA
    # MVI 3(8),2; MVI 0(9),1; LGHI 2,1
    execute(stepped, "92028003 92019000 a7290001")
    assert written.count(CODE_PAGE >> 12) == 1
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE_PAGE))
    cpu.psw_loaded = False
    stepped.run(1)
    assert cpu.gr[1] == 2


@pytest.mark.parametrize("before", (2, 4))
def test_code_that_trapped_is_forgotten_by_a_store_into_the_second_page_that_it_lies_in(
    stepped: Machine, before: int
) -> None:
    """A load that is no instruction yet; so many bytes of it are in the first page."""
    cpu, start = stepped.cpus[0], CODE_PAGE + 0x1000 - before
    cpu.gr[8], cpu.gr[9] = start + 5, DATA
    stepped.storage.write(DATA, b"\7" * 8)
    stepped.storage.write(start, bytes.fromhex("e310900000ff"))
    for code in (ProgramInterruptionCode.OPERATION, 0):
        stepped.storage.write_integer(0x8C, 4, 0)
        cpu.load_psw(Psw(ADDRESSING_MODE, start))
        cpu.psw_loaded = False
        stepped.step()
        assert stepped.storage.read_integer(0x8E, 2) == code
        # MVI 0(8),4: it is LG 1,0(9)
        execute(stepped, "92048000")
    assert cpu.gr[1] == 0x0707070707070707


def test_a_page_can_be_stored_into_until_translations_are_dropped(stepped: Machine) -> None:
    translations = stepped.configuration.translations
    stepped.cpus[0].gr[8] = DATA
    execute(stepped, "92018000")
    assert translations.is_writable(DATA >> 12)
    translations.flush_all()
    assert not translations.is_writable(DATA >> 12)


def test_watched_pages_need_places_for_one_instruction_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_storage, "_PLACES", 4)
    machine = Machine(4 * MEGABYTE)
    make_ready(machine.cpus[0])
    machine.stops.add(StorageAccess(DATA, DATA, count=100))
    machine.cpus[0].gr[8] = DATA
    # MVI 8(8),1, ten times
    machine.storage.write(START, bytes.fromhex("92018008" * 10))
    assert machine.run(10).kind is StopKind.BUDGET
    assert machine.executed == 10


# Several instructions at once


def test_a_part_of_a_block_that_is_refused_has_done_nothing(machine: Machine) -> None:
    """A run ends inside of a block, of which what lies before its end cannot be executed without asking."""
    cpu = machine.cpus[0]
    cpu.gr[8], cpu.gr[9] = DATA, 0x50000
    # AGSI 0(8),1, which is known when the rest is executed; L 1,0(9), whose page is not; three times LR 2,1
    code = "eb018000007a 58109000 1821 1821 1821"
    machine.storage.write(START, bytes.fromhex("eb018000007a a7f40000"))
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.psw_loaded = False
    machine.run(5)
    assert machine.storage.read_integer(DATA, 8) == 1
    for count in (2, 3, 4):
        machine.storage.write_integer(DATA, 8, 0)
        cpu.gr[9] += 0x1000
        machine.storage.write(START, bytes.fromhex(code.replace(" ", "") + "a7f40000"))
        cpu.load_psw(Psw(ADDRESSING_MODE, START))
        cpu.psw_loaded = False
        executed = machine.executed
        machine.run(count)
        assert machine.executed == executed + count
        assert machine.storage.read_integer(DATA, 8) == 1
        assert cpu.instruction_address == START + 6 + 4 + 2 * (count - 2)


def test_what_was_stored_by_a_part_of_a_block_is_undone_where_a_single_instruction_has_stored(machine: Machine) -> None:
    """The page is not asked for again."""
    cpu = machine.cpus[0]
    cpu.gr[8], cpu.gr[9] = DATA, 0x50000
    # AGSI 0(8),1; L 1,0(9); three times LR 2,1
    machine.storage.write(START, bytes.fromhex("eb018000007a 58109000 1821 1821 1821 a7f40000"))
    for before, run in enumerate((lambda: machine.run(10), machine.step, lambda: machine.run(3))):
        machine.storage.write_integer(DATA, 8, 10 * before)
        cpu.gr[9] += 0x1000
        cpu.load_psw(Psw(ADDRESSING_MODE, START))
        cpu.psw_loaded = False
        run()
        assert machine.storage.read_integer(DATA, 8) == 10 * before + 1


def test_of_a_page_with_two_addresses_the_first_store_is_undone_too(
    machine: Machine, address_space: AddressSpace
) -> None:
    cpu = machine.cpus[0]
    for virtual, frame in ((START, START), (0x155000, DATA), (0x156000, DATA), (0x157000, DATA + 0x1000)):
        address_space.map(virtual, frame)
    cpu.gr[7], cpu.gr[8], cpu.gr[9] = 0x156000, 0x155000, 0x157000
    address_space.enter(cpu)
    for code, count in (("eb018000007a eb017000007a a7f40000", 5), ("eb018000007a eb017000007a 58109000 1821 1821", 4)):
        machine.storage.write_integer(DATA, 8, 0)
        machine.storage.write(START, bytes.fromhex(code + "a7f40000"))
        cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.DAT, START))
        cpu.psw_loaded = False
        machine.run(count)
        assert machine.storage.read_integer(DATA, 8) == 2


def test_what_was_known_is_asked_for_again(machine: Machine) -> None:
    """What the engine that runs freely has been told is good for the rest of one block only."""
    cpu = machine.cpus[0]
    cpu.gr[8] = DATA
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, HANDLER).to_bytes())
    # L 1,0(8); three times LR 2,1; BRC 15,*
    machine.storage.write(START, bytes.fromhex("58108000 1821 1821 1821 a7f40000"))
    for count in (10, 2):
        cpu.load_psw(Psw(ADDRESSING_MODE | 1 << 52, START))
        cpu.psw_loaded = False
        machine.run(count)
    assert cpu.instruction_address == START + 6
    # Fetch protection, with another access key
    machine.keys.bytes[DATA >> 12] = 0x28
    machine.configuration.translations.page_changed(DATA >> 12)
    machine.observers.append(EveryInstruction())
    cpu.load_psw(Psw(ADDRESSING_MODE | 1 << 52, START))
    cpu.psw_loaded = False
    machine.run(1)
    assert machine.storage.read_integer(0x8E, 2) == ProgramInterruptionCode.PROTECTION
