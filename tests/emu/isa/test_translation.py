# SPDX-License-Identifier: GPL-2.0-or-later
"""CSP, CSPG, IDTE, IPTE, LRA, LRAG, LRAY, LURA, LURAG, MVPG, PTLB, STRAG, STURA and STURG (PoP chapter 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu import interruption, lowcore
from emu.access import NotModelled
from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE, AddressSpaceControl, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

PAGE = 0x123
ADDRESS = PAGE << 12
ONES = 0xFFFF_FFFF_FFFF_FFFF

LOW_ADDRESS_PROTECTION = 1 << 28
EDAT = 1 << 23
TABLE = 0x20000

MVPG_FIRST_KEY = 0x800
MVPG_SECOND_KEY = 0x400
MVPG_CONDITION_CODE = 0x100

PRIVILEGED = (
    "CSP", "CSPG", "IDTE", "IPTE", "LRA", "LRAG", "LRAY", "LURA", "LURAG", "PTLB", "STRAG", "STURA", "STURG",
)  # fmt: skip


def in_mode(cpu: Cpu, mask: int) -> None:
    """Load a PSW with *mask*; the instruction address stays."""
    cpu.load_psw(Psw(mask, cpu.instruction_address))
    cpu.psw_loaded = False


@pytest.fixture
def flushed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is cleared: "all" for the TLBs of all CPUs, "local" for that of this CPU alone."""
    what: list[str] = []
    monkeypatch.setattr(machine.configuration.translations, "flush_all", lambda: what.append("all"))
    monkeypatch.setattr(machine.cpus[0].tlb, "flush", lambda: what.append("local"))
    return what


@pytest.mark.parametrize("mnemonic", PRIVILEGED)
def test_problem_state(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_mode(cpu, ADDRESSING_MODE | PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic)


@pytest.mark.parametrize(
    ("mnemonic", "facility"),
    (
        ("IDTE", Facility.DAT_ENHANCEMENT_1),
        ("CSPG", Facility.DAT_ENHANCEMENT_1),
        ("LRAY", Facility.LONG_DISPLACEMENT),
    ),
)
def test_facility_not_installed(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, facility: Facility) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - {facility}
    with expect(Code.OPERATION):
        run(cpu, mnemonic)


# LOAD USING REAL ADDRESS, STORE USING REAL ADDRESS


@pytest.mark.parametrize(("mnemonic", "expected"), (("LURA", 0xFFFF_FFFF_0123_4567), ("LURAG", 0x0123_4567_89AB_CDEF)))
def test_load_using_real_address(cpu: Cpu, run: Run, address_space: Any, mnemonic: str, expected: int) -> None:
    cpu.configuration.storage.write_integer(0x6000, 8, 0x0123_4567_89AB_CDEF)
    address_space.enter(cpu)
    cpu.set_prefix(0x6000)
    cpu.gr[1], cpu.gr[2] = ONES, 0
    run(cpu, mnemonic, r1=1, r2=2)
    assert cpu.gr[1] == expected
    assert cpu.configuration.keys.bytes[6] == 0x04


@pytest.mark.parametrize(("mnemonic", "expected"), (("STURA", 0x89AB_CDEF_0000_0000), ("STURG", 0x0123_4567_89AB_CDEF)))
def test_store_using_real_address(cpu: Cpu, run: Run, address_space: Any, mnemonic: str, expected: int) -> None:
    address_space.enter(cpu)
    cpu.set_prefix(0x6000)
    cpu.gr[1], cpu.gr[2] = 0x0123_4567_89AB_CDEF, 0
    run(cpu, mnemonic, r1=1, r2=2)
    assert cpu.configuration.storage.read_integer(0x6000, 8) == expected
    assert cpu.configuration.keys.bytes[6] == 0x06


@pytest.mark.parametrize("mnemonic", ("LURA", "STURA"))
@pytest.mark.parametrize("offset", (1, 2))
def test_word_boundary(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, offset: int) -> None:
    cpu.gr[2] = cpu.configuration.memory + offset
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, r1=1, r2=2)


@pytest.mark.parametrize("mnemonic", ("LURAG", "STURG"))
def test_doubleword_boundary(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[2] = cpu.configuration.memory + 4
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, r1=1, r2=2)


@pytest.mark.parametrize("mnemonic", ("LURA", "LURAG", "STURA", "STURG"))
def test_real_address_outside_the_configuration(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[2] = cpu.configuration.memory
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, r1=1, r2=2)


@pytest.mark.parametrize("mnemonic", ("LURA", "LURAG", "STURA", "STURG"))
def test_real_access_is_key_controlled(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.configuration.keys.bytes[PAGE] = 0x68
    in_mode(cpu, ADDRESSING_MODE | 5 << 52)
    cpu.gr[2] = ADDRESS
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, r1=1, r2=2)


@pytest.mark.parametrize("mnemonic", ("STURA", "STURG"))
def test_real_store_is_low_address_protected(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    cpu.gr[2] = 0x1F8
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, r1=1, r2=2)


# LOAD REAL ADDRESS


LRA_FORMS = (("LRA", 0x10, 32), ("LRAY", -16, 32), ("LRAG", -16, 64))


@pytest.mark.parametrize(("mnemonic", "displacement", "width"), LRA_FORMS)
def test_lra_with_dat_off(cpu: Cpu, run: Run, address_space: Any, mnemonic: str, displacement: int, width: int) -> None:
    address_space.map(0x5000, ADDRESS)
    cpu.set_control_register(1, address_space.asce)
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = ONES, 0x5000, 0x123 - displacement
    run(cpu, mnemonic, r1=1, b2=2, x2=3, d2=displacement)
    assert cpu.cc == 0
    assert cpu.gr[1] == ADDRESS | 0x123


@pytest.mark.parametrize(("mnemonic", "displacement", "width"), LRA_FORMS)
def test_lra_in_the_31_bit_mode(
    cpu: Cpu, run: Run, address_space: Any, mnemonic: str, displacement: int, width: int
) -> None:
    address_space.map(0x5000, ADDRESS)
    address_space.enter(cpu, mode=BASIC_ADDRESSING)
    cpu.gr[1], cpu.gr[2] = ONES, 0x5000 - displacement
    run(cpu, mnemonic, r1=1, b2=2, d2=displacement)
    assert cpu.cc == 0
    assert cpu.gr[1] == (ADDRESS if width == 64 else 0xFFFF_FFFF_0000_0000 | ADDRESS)


def test_lra_ignores_protection_and_the_page_state_and_records_nothing(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.map(0x5000, ADDRESS, 0x300)
    address_space.enter(cpu, key=5)
    cpu.configuration.keys.bytes[PAGE] = 0x68
    cpu.configuration.states.bytes[PAGE] = 0x07
    cpu.gr[2] = 0x5000
    run(cpu, "LRA", r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (0, ADDRESS)
    assert cpu.configuration.keys.bytes[PAGE] == 0x68


def test_lra_takes_no_account_of_the_configuration_size(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.map(0x5000, 0x12_3456_7000)
    address_space.enter(cpu)
    cpu.gr[2] = 0x5008
    run(cpu, "LRA", r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (0, 0x12_3456_7008)


def test_lra_gives_a_real_address(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.map(0x5000, 0x1000)
    address_space.enter(cpu)
    cpu.set_prefix(0x6000)
    cpu.gr[2] = 0x5000
    run(cpu, "LRA", r1=1, b2=2)
    assert cpu.gr[1] == 0x1000


def test_lra_of_a_large_frame(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.set_segment(0x100000, 0x30_0400)
    address_space.enter(cpu)
    cpu.set_control_register(0, EDAT)
    cpu.gr[2] = 0x12_3456
    run(cpu, "LRA", r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (0, 0x32_3456)


@pytest.mark.parametrize("mnemonic", ("LRA", "LRAY"))
def test_lra_of_2_gb_and_more_outside_the_64_bit_mode(
    cpu: Cpu, run: Run, expect: Expect, address_space: Any, mnemonic: str
) -> None:
    address_space.map(0x5000, 0x8000_0000)
    address_space.map(0x6000, 0x7FFF_F000)
    address_space.enter(cpu, mode=BASIC_ADDRESSING)
    cpu.gr[1], cpu.gr[2] = ONES, 0x5000
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, mnemonic, r1=1, b2=2)
    assert cpu.gr[1] == ONES
    cpu.gr[2] = 0x6000
    run(cpu, mnemonic, r1=1, b2=2)
    assert cpu.gr[1] == 0xFFFF_FFFF_7FFF_F000
    cpu.gr[2] = 0x5000
    run(cpu, "LRAG", r1=1, b2=2)
    assert cpu.gr[1] == 0x8000_0000


@pytest.mark.parametrize("mnemonic", ("LRA", "LRAG"))
def test_lra_of_an_invalid_segment(cpu: Cpu, run: Run, address_space: Any, mnemonic: str) -> None:
    entry = address_space.set_segment(0x20_0000, 0x20)
    address_space.enter(cpu)
    cpu.gr[1], cpu.gr[2] = ONES, 0x20_0000
    run(cpu, mnemonic, r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (1, entry)


@pytest.mark.parametrize("mnemonic", ("LRA", "LRAG"))
def test_lra_of_an_invalid_page(cpu: Cpu, run: Run, address_space: Any, mnemonic: str) -> None:
    entry = address_space.map(0x5000, ADDRESS, 0x400)
    address_space.enter(cpu)
    cpu.gr[1], cpu.gr[2] = ONES, 0x5000
    run(cpu, mnemonic, r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (2, entry)


def test_lra_entry_address_in_the_31_bit_mode(cpu: Cpu, run: Run, address_space: Any) -> None:
    entry = address_space.map(0x5000, ADDRESS, 0x400)
    address_space.enter(cpu, mode=BASIC_ADDRESSING)
    cpu.gr[1], cpu.gr[2] = ONES, 0x5000
    run(cpu, "LRA", r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (2, 0xFFFF_FFFF_0000_0000 | entry)


def test_lra_entry_address_of_2_gb_and_more_in_the_31_bit_mode(
    machine: Machine, cpu: Cpu, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.storage, "read_integer", lambda *_: 0x20)
    monkeypatch.setattr(cpu.tlb, "note_table", lambda _: None)
    in_mode(cpu, BASIC_ADDRESSING)
    cpu.set_control_register(1, 0x8000_0003)
    cpu.gr[1], cpu.gr[2] = 0, 0x10_0000
    run(cpu, "LRA", r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (3, 0x8000_0010)
    run(cpu, "LRAG", r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (1, 0x8000_0008)


@pytest.mark.parametrize("mnemonic", ("LRA", "LRAG"))
def test_lra_without_an_entry_gives_the_interruption_code(
    cpu: Cpu, run: Run, address_space: Any, mnemonic: str
) -> None:
    address_space.enter(cpu)
    # ASCE type; segment translation because of the table length; region-third translation, by length and by entry.
    cpu.set_control_register(13, TABLE | 0x4)
    cases = [
        (address_space.asce, 0x8000_0000, 0x38),
        (address_space.asce & ~3, 0x2000_0000, 0x10),
        (TABLE | 0x4, 512 << 31, 0x3B),
        (TABLE | 0x4, 0, 0x3B),
        (TABLE | 0x8, 0, 0x3A),
        (TABLE | 0xC, 0, 0x39),
    ]
    cpu.configuration.storage.write_integer(TABLE, 8, 0x20)
    for asce, address, code in cases:
        cpu.set_control_register(1, asce)
        cpu.gr[1], cpu.gr[2] = 0x1234_5678_7FFF_FFFF, address
        run(cpu, mnemonic, r1=1, b2=2)
        assert (cpu.cc, cpu.gr[1]) == (3, 0x1234_5678_8000_0000 | code)


@pytest.mark.parametrize(
    ("space", "register"),
    ((AddressSpaceControl.PRIMARY, 1), (AddressSpaceControl.SECONDARY, 7), (AddressSpaceControl.HOME, 13)),
)
def test_lra_translates_in_the_space_of_the_psw(
    cpu: Cpu, run: Run, address_space: Any, space: AddressSpaceControl, register: int
) -> None:
    address_space.map(0x5000, ADDRESS)
    in_mode(cpu, ADDRESSING_MODE | space << 46)
    cpu.set_control_register(register, address_space.asce)
    cpu.gr[2] = 0x5000
    run(cpu, "LRA", r1=1, b2=2)
    assert (cpu.cc, cpu.gr[1]) == (0, ADDRESS)


def test_lra_in_access_register_mode_is_named(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, ADDRESSING_MODE | AddressSpaceControl.ACCESS_REGISTER << 46)
    with pytest.raises(NotModelled):
        run(cpu, "LRA", r1=1)


@pytest.mark.parametrize("mnemonic", ("LRA", "LRAY", "LRAG"))
def test_lra_exceptions(cpu: Cpu, run: Run, expect: Expect, address_space: Any, mnemonic: str) -> None:
    address_space.map(0x5000, ADDRESS, 0x800)
    address_space.set_segment(0x100000, 0x4000_0000)
    address_space.enter(cpu)
    for address, code in ((0x5000, Code.TRANSLATION_SPECIFICATION), (0x100000, Code.ADDRESSING)):
        cpu.gr[1], cpu.gr[2] = ONES, address
        with expect(code):
            run(cpu, mnemonic, r1=1, b2=2)
        assert cpu.gr[1] == ONES


# PURGE TLB


def test_ptlb(cpu: Cpu, run: Run, flushed: list[str]) -> None:
    run(cpu, "PTLB")
    assert flushed == ["local"]


# INVALIDATE PAGE TABLE ENTRY


def fill_table(cpu: Cpu, entries: int) -> None:
    """Make the entries of the table at TABLE, and the doublewords around it, valid."""
    for index in range(-1, entries + 1):
        cpu.configuration.storage.write_integer(TABLE + 8 * index, 8, 0x77000)


def invalid_entries(cpu: Cpu, entries: int, invalid: int) -> list[int]:
    """Which entries are invalid; all others, and all other bits, must be as they were."""
    found = []
    for index in range(-1, entries + 1):
        entry = cpu.configuration.storage.read_integer(TABLE + 8 * index, 8)
        assert entry & ~invalid == 0x77000
        if entry & invalid:
            found.append(index)
    return found


def test_ipte(cpu: Cpu, run: Run, flushed: list[str]) -> None:
    fill_table(cpu, 256)
    cpu.cc = 2
    cpu.gr[1], cpu.gr[2] = TABLE | 0x7FF, 0xFFFF_FFFF_FFF0_5FFF
    run(cpu, "IPTE", r1=1, r2=2)
    assert invalid_entries(cpu, 256, 0x400) == [5]
    assert flushed == ["all"]
    assert cpu.cc == 2


def test_ipte_page_table_is_on_a_2_kb_boundary(cpu: Cpu, run: Run) -> None:
    cpu.gr[1], cpu.gr[2] = TABLE | 0xFFF, 0
    run(cpu, "IPTE", r1=1, r2=2)
    assert cpu.configuration.storage.read_integer(TABLE + 0x800, 8) == 0x400


def test_ipte_of_an_invalid_entry_clears_nevertheless(cpu: Cpu, run: Run, flushed: list[str]) -> None:
    cpu.configuration.storage.write_integer(TABLE, 8, 0x77400)
    cpu.gr[1], cpu.gr[2] = TABLE, 0
    run(cpu, "IPTE", r1=1, r2=2)
    assert cpu.configuration.storage.read_integer(TABLE, 8) == 0x77400
    assert flushed == ["all"]


def test_ipte_range(cpu: Cpu, run: Run, flushed: list[str]) -> None:
    fill_table(cpu, 256)
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = TABLE, 0xFD000, 0xFFFF_FFFF_FFFF_FF02
    run(cpu, "IPTE", r1=1, r2=2, r3=3)
    assert invalid_entries(cpu, 256, 0x400) == [253, 254, 255]
    assert flushed == ["all"]


def test_ipte_range_must_stay_in_the_table(cpu: Cpu, run: Run, expect: Expect, flushed: list[str]) -> None:
    fill_table(cpu, 256)
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = TABLE, 0xFD000, 3
    with expect(Code.SPECIFICATION):
        run(cpu, "IPTE", r1=1, r2=2, r3=3)
    assert invalid_entries(cpu, 256, 0x400) == []
    assert flushed == []


def test_ipte_register_3_is_ignored_without_the_range_facility(cpu: Cpu, run: Run) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - {Facility.IPTE_RANGE}
    fill_table(cpu, 256)
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = TABLE, 0xFD000, 3
    run(cpu, "IPTE", r1=1, r2=2, r3=3)
    assert invalid_entries(cpu, 256, 0x400) == [253]


def test_ipte_without_register_3_takes_register_0_for_nothing(cpu: Cpu, run: Run) -> None:
    fill_table(cpu, 256)
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 3, TABLE, 0x1000
    run(cpu, "IPTE", r1=1, r2=2, r3=0)
    assert invalid_entries(cpu, 256, 0x400) == [1]


@pytest.mark.parametrize("mnemonic", ("IPTE", "IDTE"))
def test_local_clearing(cpu: Cpu, run: Run, flushed: list[str], mnemonic: str) -> None:
    cpu.gr[1], cpu.gr[2] = TABLE, 0
    run(cpu, mnemonic, r1=1, r2=2, m4=1)
    run(cpu, mnemonic, r1=1, r2=2, m4=14)
    assert flushed == ["local", "all"]
    cpu.configuration.facilities = DEFAULT_FACILITIES - {Facility.LOCAL_TLB_CLEARING}
    run(cpu, mnemonic, r1=1, r2=2, m4=1)
    assert flushed == ["local", "all", "all"]


@pytest.mark.parametrize("mnemonic", ("IPTE", "IDTE"))
def test_entry_to_be_invalidated_is_a_storage_operand(
    cpu: Cpu, run: Run, expect: Expect, flushed: list[str], mnemonic: str
) -> None:
    cpu.gr[1], cpu.gr[2] = cpu.configuration.memory, 0
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, r1=1, r2=2)
    cpu.gr[1] = 0
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    flushed.clear()
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, r1=1, r2=2)
    cpu.gr[1] = TABLE
    cpu.configuration.keys.bytes[TABLE >> 12] = 0x60
    in_mode(cpu, ADDRESSING_MODE | 5 << 52)
    flushed.clear()
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, r1=1, r2=2)
    assert flushed == []


def test_invalidated_entry_is_found_at_its_absolute_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(TABLE)
    cpu.gr[1], cpu.gr[2] = TABLE, 0
    run(cpu, "IPTE", r1=1, r2=2)
    assert cpu.configuration.storage.read_integer(TABLE, 8) == 0x400


# INVALIDATE DAT TABLE ENTRY


@pytest.mark.parametrize(("designation_type", "shift"), ((3, 53), (2, 42), (1, 31), (0, 20)))
def test_idte_at_every_level(cpu: Cpu, run: Run, flushed: list[str], designation_type: int, shift: int) -> None:
    fill_table(cpu, 2048)
    cpu.cc = 2
    # The indexes of other levels are ignored.
    others = 0xFFFF_FFFF_FFF0_0000 & ~(0x7FF << shift)
    cpu.gr[1], cpu.gr[2] = TABLE | designation_type << 2 | 0xFF3, others | 1027 << shift
    run(cpu, "IDTE", r1=1, r2=2, r3=0)
    assert invalid_entries(cpu, 2048, 0x20) == [1027]
    assert flushed == ["all"]
    assert cpu.cc == 2


def test_idte_range_wraps_around_in_the_table(cpu: Cpu, run: Run) -> None:
    fill_table(cpu, 2048)
    cpu.gr[1], cpu.gr[2] = TABLE, 2046 << 20 | 3
    run(cpu, "IDTE", r1=1, r2=2, r3=0)
    assert invalid_entries(cpu, 2048, 0x20) == [0, 1, 2046, 2047]


def test_idte_clearing_by_asce_invalidates_nothing(cpu: Cpu, run: Run, flushed: list[str]) -> None:
    fill_table(cpu, 2048)
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = TABLE, 5 << 20 | 0x800, TABLE
    run(cpu, "IDTE", r1=1, r2=2, r3=3)
    assert invalid_entries(cpu, 2048, 0x20) == []
    assert flushed == ["all"]


@pytest.mark.parametrize("reserved", [1 << (63 - bit) for bit in range(44, 52)])
@pytest.mark.parametrize("option", (0, 0x800))
def test_idte_reserved_bits(cpu: Cpu, run: Run, expect: Expect, flushed: list[str], reserved: int, option: int) -> None:
    cpu.gr[1], cpu.gr[2] = cpu.configuration.memory, reserved | option
    with expect(Code.SPECIFICATION):
        run(cpu, "IDTE", r1=1, r2=2, r3=0)
    assert flushed == []


# COMPARE AND SWAP AND PURGE


@pytest.mark.parametrize("purge", (0, 1, 2, 3))
@pytest.mark.parametrize(
    ("mnemonic", "expected", "register"),
    (("CSP", 0xCCCC_CCCC_9999_9999, 0x7777_7777_1111_1111), ("CSPG", 0xAAAA_AAAA_CCCC_CCCC, 0x1111_1111_9999_9999)),
)
def test_csp_swaps_and_purges_if_equal(
    cpu: Cpu,
    run: Run,
    flushed: list[str],
    address_space: Any,
    mnemonic: str,
    expected: int,
    register: int,
    purge: int,
) -> None:
    storage = cpu.configuration.storage
    storage.write_integer(ADDRESS, 8, 0x1111_1111_9999_9999)
    address_space.map(0x5000, ADDRESS)
    address_space.enter(cpu)
    flushed.clear()
    cpu.gr[4], cpu.gr[5], cpu.gr[2] = register, 0xAAAA_AAAA_CCCC_CCCC, 0x5000 | purge
    run(cpu, mnemonic, r1=4, r2=2)
    assert cpu.cc == 0
    assert storage.read_integer(ADDRESS, 8) == expected
    assert cpu.gr[4] == register
    assert flushed == (["all"] if purge & 1 else [])


@pytest.mark.parametrize(("mnemonic", "expected"), (("CSP", 0x7777_7777_1111_1111), ("CSPG", 0x1111_1111_9999_9999)))
def test_csp_loads_if_unequal(cpu: Cpu, run: Run, flushed: list[str], mnemonic: str, expected: int) -> None:
    storage = cpu.configuration.storage
    storage.write_integer(ADDRESS, 8, 0x1111_1111_9999_9999)
    cpu.gr[4], cpu.gr[5], cpu.gr[2] = 0x7777_7777_7777_7777, ONES, ADDRESS | 3
    run(cpu, mnemonic, r1=4, r2=2)
    assert (cpu.cc, cpu.gr[4]) == (1, expected)
    assert storage.read_integer(ADDRESS, 8) == 0x1111_1111_9999_9999
    assert flushed == []


def test_csp_second_word(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write_integer(ADDRESS, 8, 5)
    cpu.gr[4], cpu.gr[5], cpu.gr[2] = 5, 6, ADDRESS + 4
    run(cpu, "CSP", r1=4, r2=2)
    assert cpu.configuration.storage.read_integer(ADDRESS, 8) == 6


@pytest.mark.parametrize("mnemonic", ("CSP", "CSPG"))
def test_csp_exceptions(
    cpu: Cpu, run: Run, expect: Expect, flushed: list[str], address_space: Any, mnemonic: str
) -> None:
    cpu.gr[2] = cpu.configuration.memory
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, r1=5, r2=2)
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, r1=4, r2=2)
    address_space.map(0x5000, ADDRESS, 0x200)
    address_space.enter(cpu)
    flushed.clear()
    cpu.gr[4], cpu.gr[2] = 1, 0x5001
    # The store is checked even if the comparison would come out unequal.
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, r1=4, r2=2)
    cpu.gr[2] = 0x6001
    with expect(Code.PAGE_TRANSLATION):
        run(cpu, mnemonic, r1=4, r2=2)
    assert flushed == []


# STORE REAL ADDRESS


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE))
@pytest.mark.parametrize("has_dat", (True, False))
def test_strag(cpu: Cpu, run: Run, address_space: Any, mode: int, has_dat: bool) -> None:
    address_space.map(0x5000, ADDRESS)
    address_space.map(0x6000, 0x7F_FFFF_F000, 0x200)
    address_space.enter(cpu, mode=mode)
    high = 0 if mode == ADDRESSING_MODE else 0x9999_9999 << 32
    if not has_dat:
        in_mode(cpu, mode)
    cpu.gr[4], cpu.gr[5] = high | 0x5000, high | 0x6ABC
    cpu.cc = 2
    run(cpu, "STRAG", b1=4, d1=8, b2=5)
    stored = cpu.configuration.storage.read_integer((ADDRESS if has_dat else 0x5000) + 8, 8)
    assert (stored, cpu.cc) == (0x7F_FFFF_FABC, 2)


def test_strag_exceptions(cpu: Cpu, run: Run, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, ADDRESS, 0x200)
    address_space.enter(cpu)
    cpu.gr[4], cpu.gr[5] = 0x5000, 0x6ABC
    with expect(Code.SPECIFICATION):
        run(cpu, "STRAG", b1=4, d1=4, b2=5)
    with expect(Code.PAGE_TRANSLATION) as condition:
        run(cpu, "STRAG", b1=4, b2=5)
    assert condition.value.translation_exception == 0x6800
    cpu.gr[5] = 0x100000
    with expect(Code.SEGMENT_TRANSLATION):
        run(cpu, "STRAG", b1=4, b2=5)
    address_space.map(0x6000, 0x1000)
    cpu.gr[5] = 0x6ABC
    with expect(Code.PROTECTION):
        run(cpu, "STRAG", b1=4, b2=5)


# MOVE PAGE


PATTERN = bytes(range(256)) * 16
SOURCE, DESTINATION = 0x5000, 0x7000


@pytest.fixture
def pages(cpu: Cpu, address_space: Any) -> Any:
    """The address space with a source and a destination page, entered."""
    cpu.configuration.storage.write(ADDRESS, PATTERN)
    address_space.map(SOURCE, ADDRESS)
    address_space.map(DESTINATION, ADDRESS + 0x1000)
    address_space.enter(cpu)
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 0, DESTINATION, SOURCE
    return address_space


def is_moved(cpu: Cpu) -> bool:
    return cpu.configuration.storage.read(ADDRESS + 0x1000, 4096) == PATTERN


@pytest.mark.parametrize("problem_state", (False, True))
def test_mvpg(cpu: Cpu, run: Run, pages: Any, problem_state: bool) -> None:
    pages.enter(cpu, problem_state=problem_state)
    cpu.cc = 3
    cpu.gr[1], cpu.gr[2] = DESTINATION | 0xFFF, SOURCE | 0x123
    run(cpu, "MVPG", r1=1, r2=2)
    assert is_moved(cpu)
    assert cpu.cc == 0
    keys = cpu.configuration.keys.bytes
    assert (keys[PAGE], keys[PAGE + 1]) == (0x04, 0x06)


def test_mvpg_with_dat_off(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write(ADDRESS, PATTERN)
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = MVPG_CONDITION_CODE, ADDRESS + 0x1000, ADDRESS
    run(cpu, "MVPG", r1=1, r2=2)
    assert is_moved(cpu)
    assert cpu.cc == 0


@pytest.mark.parametrize(
    "controls", (0x8000, 0x4000, 0x2000, 0x1000, MVPG_FIRST_KEY | MVPG_SECOND_KEY, 0x1000 | MVPG_FIRST_KEY)
)
def test_mvpg_specification(cpu: Cpu, run: Run, expect: Expect, controls: int) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = controls, cpu.configuration.memory, cpu.configuration.memory
    with expect(Code.SPECIFICATION):
        run(cpu, "MVPG", r1=1, r2=2)


def test_mvpg_bits_that_control_nothing_are_ignored(cpu: Cpu, run: Run, pages: Any) -> None:
    cpu.gr[0] = 0xFFFF_FFFF_FFFF_020F
    run(cpu, "MVPG", r1=1, r2=2)
    assert is_moved(cpu)


@pytest.mark.parametrize(
    ("controls", "allowed"),
    ((0, False), (MVPG_SECOND_KEY | 0x60, True), (MVPG_SECOND_KEY | 0x70, False), (MVPG_FIRST_KEY | 0x60, False)),
)
def test_mvpg_key_of_the_second_operand(
    cpu: Cpu, run: Run, expect: Expect, pages: Any, controls: int, allowed: bool
) -> None:
    keys = cpu.configuration.keys.bytes
    keys[PAGE], keys[PAGE + 1] = 0x68, 0x50
    pages.enter(cpu, key=5)
    cpu.gr[0] = controls
    if allowed:
        run(cpu, "MVPG", r1=1, r2=2)
    else:
        with expect(Code.PROTECTION):
            run(cpu, "MVPG", r1=1, r2=2)
    assert is_moved(cpu) is allowed


@pytest.mark.parametrize(
    ("controls", "allowed"),
    ((0, False), (MVPG_FIRST_KEY | 0x60, True), (MVPG_FIRST_KEY | 0x70, False), (MVPG_SECOND_KEY | 0x60, False)),
)
def test_mvpg_key_of_the_first_operand(
    cpu: Cpu, run: Run, expect: Expect, pages: Any, controls: int, allowed: bool
) -> None:
    keys = cpu.configuration.keys.bytes
    keys[PAGE], keys[PAGE + 1] = 0x50, 0x60
    pages.enter(cpu, key=5)
    cpu.gr[0] = controls
    if allowed:
        run(cpu, "MVPG", r1=1, r2=2)
    else:
        with expect(Code.PROTECTION):
            run(cpu, "MVPG", r1=1, r2=2)
    assert is_moved(cpu) is allowed


@pytest.mark.parametrize("operand", (MVPG_FIRST_KEY, MVPG_SECOND_KEY))
def test_mvpg_psw_key_mask(cpu: Cpu, run: Run, expect: Expect, pages: Any, operand: int) -> None:
    pages.enter(cpu, problem_state=True, key=6)
    cpu.gr[0] = operand | 0x60
    cpu.set_control_register(3, ONES & ~(1 << (63 - 38)))
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "MVPG", r1=1, r2=2)
    cpu.set_control_register(3, 1 << (63 - 38))
    cpu.configuration.keys.bytes[PAGE + 1] = 0x60
    run(cpu, "MVPG", r1=1, r2=2)
    assert is_moved(cpu)


@pytest.mark.parametrize(("invalid", "translation_exception"), ((SOURCE, 0x5800), (DESTINATION, 0x7400)))
def test_mvpg_page_translation(
    cpu: Cpu, run: Run, expect: Expect, pages: Any, invalid: int, translation_exception: int
) -> None:
    pages.map(invalid, 0, 0x400)
    cpu.gr[10], cpu.gr[11] = DESTINATION, SOURCE
    with expect(Code.PAGE_TRANSLATION) as raised:
        run(cpu, "MVPG", r1=10, r2=11)
    assert raised.value.translation_exception == translation_exception
    assert raised.value.operand_access == 0xAB
    in_mode(cpu, ADDRESSING_MODE)
    interruption.program(cpu, raised.value, 0x10000, 4)
    assert cpu.configuration.storage.read(lowcore.OPERAND_ACCESS, 1) == b"\xab"


@pytest.mark.parametrize(
    ("invalid", "condition_code"), (((DESTINATION,), 1), ((SOURCE,), 2), ((SOURCE, DESTINATION), 2))
)
def test_mvpg_condition_code_option(
    cpu: Cpu, run: Run, pages: Any, invalid: tuple[int, ...], condition_code: int
) -> None:
    for address in invalid:
        pages.map(address, 0, 0x400)
    cpu.gr[0] = MVPG_CONDITION_CODE
    run(cpu, "MVPG", r1=1, r2=2)
    assert cpu.cc == condition_code
    assert not is_moved(cpu)


@pytest.mark.parametrize("controls", (0, MVPG_CONDITION_CODE))
def test_mvpg_exceptions_that_the_option_leaves(cpu: Cpu, run: Run, expect: Expect, pages: Any, controls: int) -> None:
    cpu.gr[0] = controls
    pages.map(DESTINATION, ADDRESS + 0x1000, 0x200)
    with expect(Code.PROTECTION):
        run(cpu, "MVPG", r1=1, r2=2)
    cpu.gr[1] = 0x100000
    with expect(Code.SEGMENT_TRANSLATION) as raised:
        run(cpu, "MVPG", r1=1, r2=2)
    assert raised.value.operand_access is None
    pages.map(DESTINATION, 0x4000_0000)
    cpu.gr[1] = DESTINATION
    with expect(Code.ADDRESSING):
        run(cpu, "MVPG", r1=1, r2=2)


def test_mvpg_source_may_be_read_only(cpu: Cpu, run: Run, pages: Any) -> None:
    pages.map(SOURCE, ADDRESS, 0x200)
    run(cpu, "MVPG", r1=1, r2=2)
    assert is_moved(cpu)


def test_mvpg_meets_the_page_state(cpu: Cpu, run: Run, expect: Expect, pages: Any) -> None:
    cpu.configuration.states.bytes[PAGE] = 0x0F
    with expect(Code.DISCARD_FAULT) as raised:
        run(cpu, "MVPG", r1=1, r2=2)
    assert raised.value.translation_exception == ADDRESS


def test_mvpg_is_not_left_to_the_engine(machine: Machine, cpu: Cpu) -> None:
    machine.storage.write(0x10000, bytes.fromhex("B2540012"))
    machine.storage.write(ADDRESS, PATTERN)
    cpu.cc = 3
    machine.keys.bytes[PAGE + 1] = 0x50
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = MVPG_FIRST_KEY | 0x60, ADDRESS + 0x1000, ADDRESS
    assert machine.step() is None
    assert machine.storage.read_integer(0x8C, 4) == 0x0004_0004
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    cpu.gr[0] = MVPG_FIRST_KEY | 0x50
    assert machine.step() is None
    assert is_moved(cpu)
    assert cpu.cc == 0
