# SPDX-License-Identifier: GPL-2.0-or-later
"""ISKE, IVSK, PFMF, RRBE, RRBM, SSKE, TB and TPROT (PoP chapter 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.events import Observer
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE, AddressSpaceControl, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

PAGE = 0x123
ADDRESS = PAGE << 12
MEGABYTE = 1 << 20
ONES = 0xFFFF_FFFF_FFFF_FFFF

LOW_ADDRESS_PROTECTION = 1 << 28
EXTRACTION_AUTHORITY = 1 << 27
FETCH_OVERRIDE = 1 << 25
STORAGE_OVERRIDE = 1 << 24
EDAT = 1 << 23
PRIVATE = 0x100

NQ, MR, MC, MB = 8, 4, 2, 1
SET_KEY = 0x20000
CLEAR_FRAME = 0x10000
USAGE = 0x8000
FRAME_1M = 0x1000
FRAME_2G = 0x2000
PFMF_NQ = 0x800
PFMF_MR = 0x400
PFMF_MC = 0x200


def in_mode(cpu: Cpu, mask: int) -> None:
    """Load a PSW with *mask*; the instruction address stays."""
    cpu.load_psw(Psw(mask, cpu.instruction_address))
    cpu.psw_loaded = False


def without(cpu: Cpu, *facilities: Facility) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - set(facilities)


@pytest.fixture
def flushed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The pages whose translations are dropped."""
    pages: list[int] = []
    monkeypatch.setattr(machine.configuration.translations, "page_changed", pages.append)
    return pages


class KeyRecorder(Observer):
    def __init__(self) -> None:
        self.seen: list[tuple[int, int, int]] = []

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        self.seen.append((page, before, after))


# What all of them have in common

PRIVILEGED = ("ISKE", "SSKE", "RRBE", "RRBM", "PFMF", "TB")


@pytest.mark.parametrize("mnemonic", PRIVILEGED)
def test_problem_state(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_mode(cpu, ADDRESSING_MODE | PROBLEM_STATE)
    cpu.gr[1], cpu.gr[2] = 0x50, ADDRESS
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic, r1=1, r2=2)
    assert cpu.configuration.keys.bytes[PAGE] == 0


@pytest.mark.parametrize("mnemonic", PRIVILEGED)
def test_addressing(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[1], cpu.gr[2] = SET_KEY | 0x50, cpu.configuration.memory
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, r1=1, r2=2)


@pytest.mark.parametrize("m3", (MB, MB | MR | MC))
def test_addressing_of_multiple_blocks(cpu: Cpu, run: Run, expect: Expect, m3: int) -> None:
    cpu.gr[2] = cpu.configuration.memory
    with expect(Code.ADDRESSING):
        run(cpu, "SSKE", r1=1, r2=2, m3=m3)


@pytest.mark.parametrize("mnemonic", ("ISKE", "IVSK", "SSKE", "RRBE", "RRBM", "PFMF"))
def test_machine_without_storage_keys(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}
    cpu.gr[1], cpu.gr[2] = SET_KEY | 0x30, ADDRESS
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, mnemonic, r1=1, r2=2)


def test_what_names_no_key_works_without_storage_keys(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}
    cpu.gr[1], cpu.gr[2] = CLEAR_FRAME, ADDRESS
    run(cpu, "PFMF", r1=1, r2=2)
    run(cpu, "TPROT", b1=2, d1=0, b2=0, d2=0)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "TPROT", b1=2, d1=0, b2=0, d2=0x10)


@pytest.mark.parametrize(
    ("mnemonic", "facility"), (("RRBM", Facility.RESET_REFERENCE_BITS_MULTIPLE), ("PFMF", Facility.EDAT_1))
)
def test_facility_not_installed(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, facility: Facility) -> None:
    without(cpu, facility)
    with expect(Code.OPERATION):
        run(cpu, mnemonic, r1=1, r2=2)


@pytest.mark.parametrize("state", (0x04, 0x07, 0x0F))
@pytest.mark.parametrize("mnemonic", ("ISKE", "SSKE", "RRBE", "RRBM"))
def test_keys_do_not_depend_on_page_states(cpu: Cpu, run: Run, mnemonic: str, state: int) -> None:
    cpu.configuration.states.bytes[PAGE] = state
    cpu.gr[2] = ADDRESS
    run(cpu, mnemonic, r1=1, r2=2)
    assert cpu.configuration.states.bytes[PAGE] == state


# INSERT STORAGE KEY EXTENDED


def test_iske(cpu: Cpu, run: Run) -> None:
    cpu.configuration.keys.bytes[PAGE] = 0xBE
    cpu.cc = 2
    cpu.gr[1], cpu.gr[2] = ONES, ADDRESS | 0xFFF
    run(cpu, "ISKE", r1=1, r2=2)
    assert cpu.gr[1] == 0xFFFF_FFFF_FFFF_FFBE
    assert cpu.configuration.keys.bytes[PAGE] == 0xBE
    assert cpu.cc == 2


def test_iske_takes_a_real_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.configuration.keys.bytes[7] = 0xB0
    cpu.gr[2] = 0x1000
    run(cpu, "ISKE", r1=1, r2=2)
    assert cpu.gr[1] == 0xB0


def test_iske_address_is_cut_by_the_addressing_mode(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, 0)
    cpu.configuration.keys.bytes[PAGE] = 0xB0
    cpu.gr[2] = 0xFFFF_FFFF_FF00_0000 | ADDRESS
    run(cpu, "ISKE", r1=1, r2=2)
    assert cpu.gr[1] == 0xB0


# INSERT VIRTUAL STORAGE KEY


def test_ivsk(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.map(0x5000, ADDRESS)
    address_space.enter(cpu)
    cpu.configuration.keys.bytes[PAGE] = 0xBE
    cpu.cc = 1
    cpu.gr[1], cpu.gr[2] = ONES, 0x5FFF
    run(cpu, "IVSK", r1=1, r2=2)
    assert cpu.gr[1] == 0xFFFF_FFFF_FFFF_FFB8
    assert cpu.configuration.keys.bytes[PAGE] == 0xBE
    assert cpu.cc == 1


def test_ivsk_is_no_access_to_the_block(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.map(0x5000, ADDRESS, 0x200)
    address_space.enter(cpu, key=5)
    cpu.configuration.keys.bytes[PAGE] = 0xB8
    cpu.configuration.states.bytes[PAGE] = 0x0F
    cpu.gr[2] = 0x5000
    run(cpu, "IVSK", r1=1, r2=2)
    assert cpu.gr[1] & 0xFF == 0xB8


def test_ivsk_with_acc_validity(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.set_segment(0x100000, 0x10000 | 0xA800 | 0x400)
    address_space.enter(cpu)
    cpu.set_control_register(0, EDAT)
    cpu.configuration.keys.bytes[PAGE] = 0x50
    cpu.gr[2] = 0x100000 | ADDRESS
    run(cpu, "IVSK", r1=1, r2=2)
    assert cpu.gr[1] == 0xA8


def test_ivsk_special_operation_with_dat_off_comes_before_privileged_operation(
    cpu: Cpu, run: Run, expect: Expect
) -> None:
    in_mode(cpu, ADDRESSING_MODE | PROBLEM_STATE)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "IVSK", r1=1, r2=2)


def test_ivsk_extraction_authority(cpu: Cpu, run: Run, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, ADDRESS)
    address_space.enter(cpu, problem_state=True)
    cpu.gr[2] = 0x6000
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "IVSK", r1=1, r2=2)
    cpu.set_control_register(0, EXTRACTION_AUTHORITY)
    with expect(Code.PAGE_TRANSLATION) as raised:
        run(cpu, "IVSK", r1=1, r2=2)
    assert raised.value.translation_exception == 0x6000 | 0x800
    cpu.gr[2] = 0x5000
    run(cpu, "IVSK", r1=1, r2=2)


def test_ivsk_addressing(cpu: Cpu, run: Run, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, 0x4000_0000)
    address_space.enter(cpu)
    cpu.gr[2] = 0x5000
    with expect(Code.ADDRESSING):
        run(cpu, "IVSK", r1=1, r2=2)


# SET STORAGE KEY EXTENDED


@pytest.mark.parametrize("m3", (0, NQ))
def test_sske(cpu: Cpu, run: Run, m3: int) -> None:
    cpu.cc = 3
    cpu.gr[1], cpu.gr[2] = 0x1234_5678_9ABC_DEB7, ADDRESS | 0xFFF
    run(cpu, "SSKE", r1=1, r2=2, m3=m3)
    keys = cpu.configuration.keys.bytes
    assert (keys[PAGE - 1], keys[PAGE], keys[PAGE + 1]) == (0, 0xB6, 0)
    assert cpu.gr[1] == 0x1234_5678_9ABC_DEB7
    assert cpu.cc == 3


def test_sske_takes_a_real_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.gr[1], cpu.gr[2] = 0xB0, 0x1000
    run(cpu, "SSKE", r1=1, r2=2)
    assert (cpu.configuration.keys.bytes[1], cpu.configuration.keys.bytes[7]) == (0, 0xB0)


@pytest.mark.parametrize(
    ("m3", "before", "new", "after", "condition_code"),
    (
        # Access-control or fetch-protection bits differ: the entire key is set.
        (MR | MC, 0x50, 0x60, 0x60, 1),
        (MR | MC, 0x56, 0x58, 0x58, 1),
        (MR, 0x56, 0x60, 0x60, 1),
        (MC, 0x56, 0x60, 0x60, 1),
        # They are equal, and both masks are on: nothing is set.
        (MR | MC, 0x56, 0x50, 0x56, 0),
        (MR | MC, 0x50, 0x56, 0x50, 0),
        # MC alone: the reference bit is compared.
        (MC, 0x56, 0x54, 0x56, 0),
        (MC, 0x52, 0x54, 0x56, 2),
        (MC, 0x56, 0x50, 0x52, 2),
        # MR alone: the change bit is compared.
        (MR, 0x56, 0x52, 0x56, 0),
        (MR, 0x56, 0x50, 0x54, 2),
        (MR, 0x50, 0x56, 0x52, 2),
    ),
)
def test_sske_conditional(cpu: Cpu, run: Run, m3: int, before: int, new: int, after: int, condition_code: int) -> None:
    cpu.configuration.keys.bytes[PAGE] = before
    cpu.gr[1], cpu.gr[2] = 0xFFFF_FFFF_FFFF_FF01 | new, ADDRESS
    run(cpu, "SSKE", r1=1, r2=2, m3=m3)
    assert cpu.configuration.keys.bytes[PAGE] == after
    assert cpu.cc == condition_code
    assert cpu.gr[1] == 0xFFFF_FFFF_FFFF_0001 | before << 8 | new


@pytest.mark.parametrize("m3", (MR, MC, MR | MC))
def test_sske_masks_are_ignored_without_the_conditional_facility(cpu: Cpu, run: Run, m3: int) -> None:
    without(cpu, Facility.CONDITIONAL_SSKE)
    cpu.configuration.keys.bytes[PAGE] = 0x56
    cpu.cc = 3
    cpu.gr[1], cpu.gr[2] = 0x50, ADDRESS
    run(cpu, "SSKE", r1=1, r2=2, m3=m3)
    assert cpu.configuration.keys.bytes[PAGE] == 0x50
    assert (cpu.gr[1], cpu.cc) == (0x50, 3)


def test_sske_multiple_blocks(cpu: Cpu, run: Run) -> None:
    cpu.cc = 2
    start = 2 * MEGABYTE - 3 * 4096
    cpu.gr[1], cpu.gr[2] = 0x30, start | 0xABC
    run(cpu, "SSKE", r1=1, r2=2, m3=MB)
    keys = cpu.configuration.keys.bytes
    assert [keys[(start >> 12) + offset] for offset in range(-1, 4)] == [0, 0x30, 0x30, 0x30, 0]
    assert cpu.gr[2] == 2 * MEGABYTE | 0xABC
    assert (cpu.gr[1], cpu.cc) == (0x30, 2)


def test_sske_multiple_blocks_of_a_whole_segment(cpu: Cpu, run: Run) -> None:
    cpu.gr[1], cpu.gr[2] = 0x30, MEGABYTE
    run(cpu, "SSKE", r1=1, r2=2, m3=MB)
    keys = cpu.configuration.keys.bytes
    assert {keys[page] for page in range(256, 512)} == {0x30}
    assert (keys[255], keys[512]) == (0, 0)
    assert cpu.gr[2] == 2 * MEGABYTE


def test_sske_multiple_blocks_takes_an_absolute_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.gr[1], cpu.gr[2] = 0x30, 0
    run(cpu, "SSKE", r1=1, r2=2, m3=MB)
    assert cpu.configuration.keys.bytes[0] == 0x30
    assert cpu.gr[2] == MEGABYTE


@pytest.mark.parametrize(
    ("mask", "before", "after"),
    (
        (BASIC_ADDRESSING, 0xDEAD_BEEF_801F_E123, 0xDEAD_BEEF_0020_0123),
        (0, 0xDEAD_BEEF_FF1F_E123, 0xDEAD_BEEF_0020_0123),
    ),
)
def test_sske_multiple_blocks_outside_the_64_bit_mode(cpu: Cpu, run: Run, mask: int, before: int, after: int) -> None:
    in_mode(cpu, mask)
    cpu.gr[1], cpu.gr[2] = 0x30, before
    run(cpu, "SSKE", r1=1, r2=2, m3=MB)
    assert cpu.gr[2] == after


def test_sske_multiple_blocks_conditionally(cpu: Cpu, run: Run) -> None:
    keys = cpu.configuration.keys.bytes
    keys[510], keys[511] = 0x36, 0x56
    cpu.gr[1], cpu.gr[2] = 0xFF30, 510 << 12
    run(cpu, "SSKE", r1=1, r2=2, m3=MB | MR | MC)
    assert (keys[510], keys[511]) == (0x36, 0x30)
    assert (cpu.gr[1], cpu.gr[2], cpu.cc) == (0xFF30, 512 << 12, 3)


def test_sske_multiple_block_bit_is_ignored_without_edat_1(cpu: Cpu, run: Run) -> None:
    without(cpu, Facility.EDAT_1)
    cpu.gr[1], cpu.gr[2] = 0x30, ADDRESS
    run(cpu, "SSKE", r1=1, r2=2, m3=MB)
    assert (cpu.configuration.keys.bytes[PAGE], cpu.configuration.keys.bytes[PAGE + 1]) == (0x30, 0)
    assert cpu.gr[2] == ADDRESS


@pytest.mark.parametrize(
    ("before", "after", "matters"),
    ((0x50, 0x60, True), (0x50, 0x58, True), (0x54, 0x50, True), (0x52, 0x50, True), (0x50, 0x56, False),
     (0x56, 0x56, False)),
)  # fmt: skip
def test_translations_are_dropped_when_a_key_change_matters(
    cpu: Cpu, run: Run, flushed: list[int], before: int, after: int, matters: bool
) -> None:
    cpu.configuration.keys.bytes[PAGE] = before
    cpu.gr[1], cpu.gr[2] = after, ADDRESS
    run(cpu, "SSKE", r1=1, r2=2)
    assert flushed == ([PAGE] if matters else [])


def test_observers_are_told_of_key_changes(cpu: Cpu, run: Run) -> None:
    recorder = KeyRecorder()
    cpu.configuration.observers.append(recorder)
    cpu.gr[1], cpu.gr[2] = 0x54, ADDRESS
    run(cpu, "SSKE", r1=1, r2=2)
    run(cpu, "SSKE", r1=1, r2=2)
    run(cpu, "RRBE", r1=0, r2=2)
    assert recorder.seen == [(PAGE, 0, 0x54), (PAGE, 0x54, 0x50)]


# RESET REFERENCE BIT EXTENDED


@pytest.mark.parametrize(
    ("before", "after", "condition_code"), ((0x58, 0x58, 0), (0x5A, 0x5A, 1), (0x5C, 0x58, 2), (0x5E, 0x5A, 3))
)
def test_rrbe(cpu: Cpu, run: Run, flushed: list[int], before: int, after: int, condition_code: int) -> None:
    cpu.configuration.keys.bytes[PAGE] = before
    cpu.gr[2] = ADDRESS | 0x123
    run(cpu, "RRBE", r1=1, r2=2)
    assert cpu.configuration.keys.bytes[PAGE] == after
    assert cpu.cc == condition_code
    assert flushed == ([PAGE] if before != after else [])


def test_rrbe_takes_a_real_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.configuration.keys.bytes[6] = 0x04
    cpu.gr[2] = 0
    run(cpu, "RRBE", r1=1, r2=2)
    assert (cpu.configuration.keys.bytes[6], cpu.cc) == (0, 2)


# RESET REFERENCE BITS MULTIPLE


def test_rrbm(cpu: Cpu, run: Run) -> None:
    keys = cpu.configuration.keys.bytes
    first = 0x140
    for page in (first - 1, first, first + 1, first + 63, first + 64):
        keys[page] = 0x5E
    keys[first + 1] = 0x5A
    cpu.cc = 1
    cpu.gr[2] = (first << 12) + 0x3_FFFF
    run(cpu, "RRBM", r1=1, r2=2)
    assert cpu.gr[1] == 1 << 63 | 1
    assert [keys[first + offset] for offset in (-1, 0, 1, 63, 64)] == [0x5E, 0x5A, 0x5A, 0x5A, 0x5E]
    assert cpu.cc == 1


# PERFORM FRAME MANAGEMENT FUNCTION


def test_pfmf_sets_the_key_of_a_4k_frame(cpu: Cpu, run: Run) -> None:
    cpu.cc = 1
    function = 0x1234_5678_0000_0000 | SET_KEY | USAGE | PFMF_NQ | 0xB6
    cpu.gr[1], cpu.gr[2] = function, ADDRESS | 0xABC
    run(cpu, "PFMF", r1=1, r2=2)
    keys = cpu.configuration.keys.bytes
    assert (keys[PAGE - 1], keys[PAGE], keys[PAGE + 1]) == (0, 0xB6, 0)
    assert (cpu.gr[1], cpu.gr[2], cpu.cc) == (function, ADDRESS | 0xABC, 1)
    assert cpu.configuration.states.bytes[PAGE] == 0x03


def test_pfmf_clears_a_4k_frame(cpu: Cpu, run: Run) -> None:
    storage = cpu.configuration.storage
    storage.write(ADDRESS - 8, b"\xff" * (4096 + 16))
    in_mode(cpu, ADDRESSING_MODE | 5 << 52)
    cpu.configuration.keys.bytes[PAGE] = 0x68
    cpu.gr[1], cpu.gr[2] = CLEAR_FRAME | 0x30, ADDRESS | 0xABC
    run(cpu, "PFMF", r1=1, r2=2)
    assert storage.read(ADDRESS - 8, 4096 + 16) == b"\xff" * 8 + bytes(4096) + b"\xff" * 8
    assert cpu.configuration.keys.bytes[PAGE] == 0x6E
    assert cpu.gr[2] == ADDRESS | 0xABC


def test_pfmf_sets_the_key_after_it_clears(cpu: Cpu, run: Run) -> None:
    cpu.gr[1], cpu.gr[2] = CLEAR_FRAME | SET_KEY | 0x30, ADDRESS
    run(cpu, "PFMF", r1=1, r2=2)
    assert cpu.configuration.keys.bytes[PAGE] == 0x30


def test_pfmf_without_a_function_does_nothing(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write(ADDRESS, b"x")
    cpu.gr[1], cpu.gr[2] = USAGE | 0x30, ADDRESS
    run(cpu, "PFMF", r1=1, r2=2)
    assert cpu.configuration.storage.read(ADDRESS, 1) == b"x"
    assert cpu.configuration.keys.bytes[PAGE] == 0


def test_pfmf_4k_frame_has_a_real_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.gr[1], cpu.gr[2] = SET_KEY | 0x30, 0x1000
    run(cpu, "PFMF", r1=1, r2=2)
    assert (cpu.configuration.keys.bytes[1], cpu.configuration.keys.bytes[7]) == (0, 0x30)


def test_pfmf_1m_frame(cpu: Cpu, run: Run) -> None:
    storage, keys = cpu.configuration.storage, cpu.configuration.keys.bytes
    start = MEGABYTE + 0x3000
    storage.write(start - 1, b"\xff\xff")
    storage.write(2 * MEGABYTE - 1, b"\xff\xff")
    cpu.set_prefix(0x102000)
    cpu.gr[1], cpu.gr[2] = SET_KEY | CLEAR_FRAME | FRAME_1M | 0x30, start
    run(cpu, "PFMF", r1=1, r2=2)
    assert storage.read(start - 1, 2) == b"\xff\0"
    assert storage.read(2 * MEGABYTE - 1, 2) == b"\0\xff"
    assert {keys[page] for page in range(start >> 12, 512)} == {0x30}
    assert (keys[(start >> 12) - 1], keys[512]) == (0, 0)
    assert cpu.gr[2] == 2 * MEGABYTE


def test_pfmf_1m_frame_outside_the_64_bit_mode(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, BASIC_ADDRESSING)
    cpu.gr[1], cpu.gr[2] = SET_KEY | FRAME_1M | 0x30, 0xDEAD_BEEF_8010_0000
    run(cpu, "PFMF", r1=1, r2=2)
    assert cpu.gr[2] == 0xDEAD_BEEF_0020_0000


@pytest.mark.parametrize(
    ("masks", "before", "after"),
    ((PFMF_MR | PFMF_MC, 0x36, 0x36), (PFMF_MR | PFMF_MC, 0x56, 0x30), (PFMF_MR, 0x36, 0x34), (PFMF_MC, 0x36, 0x32)),
)
@pytest.mark.parametrize("frame_size", (0, FRAME_1M))
def test_pfmf_conditional_key_setting(cpu: Cpu, run: Run, masks: int, before: int, after: int, frame_size: int) -> None:
    cpu.configuration.keys.bytes[511] = before
    cpu.cc = 3
    cpu.gr[1], cpu.gr[2] = SET_KEY | masks | frame_size | 0x30, 511 << 12
    run(cpu, "PFMF", r1=1, r2=2)
    assert cpu.configuration.keys.bytes[511] == after
    assert (cpu.gr[1], cpu.cc) == (SET_KEY | masks | frame_size | 0x30, 3)


def test_pfmf_masks_are_ignored_without_the_conditional_facility(cpu: Cpu, run: Run) -> None:
    without(cpu, Facility.CONDITIONAL_SSKE)
    cpu.configuration.keys.bytes[PAGE] = 0x36
    cpu.gr[1], cpu.gr[2] = SET_KEY | PFMF_MR | PFMF_MC | 0x30, ADDRESS
    run(cpu, "PFMF", r1=1, r2=2)
    assert cpu.configuration.keys.bytes[PAGE] == 0x30


@pytest.mark.parametrize("reserved", [1 << (63 - bit) for bit in (*range(32, 46), 55, 63)])
def test_pfmf_reserved_bits(cpu: Cpu, run: Run, expect: Expect, reserved: int) -> None:
    cpu.gr[1], cpu.gr[2] = SET_KEY | 0x30 | reserved, cpu.configuration.memory
    with expect(Code.SPECIFICATION):
        run(cpu, "PFMF", r1=1, r2=2)


@pytest.mark.parametrize("frame_size", (FRAME_2G, 0x3000, 0x4000, 0x7000))
def test_pfmf_frame_sizes_that_are_not_provided(cpu: Cpu, run: Run, expect: Expect, frame_size: int) -> None:
    cpu.gr[1], cpu.gr[2] = SET_KEY | frame_size, cpu.configuration.memory
    with expect(Code.SPECIFICATION):
        run(cpu, "PFMF", r1=1, r2=2)


def test_pfmf_nonquiescing_needs_its_facility(cpu: Cpu, run: Run, expect: Expect) -> None:
    without(cpu, Facility.NONQUIESCING_KEY_SETTING)
    cpu.gr[1], cpu.gr[2] = SET_KEY | PFMF_NQ | 0x30, ADDRESS
    with expect(Code.SPECIFICATION):
        run(cpu, "PFMF", r1=1, r2=2)


@pytest.mark.parametrize(
    ("function", "address", "is_protected"),
    (
        (CLEAR_FRAME, 0x0000, True),
        (CLEAR_FRAME, 0x0FFF, True),
        (CLEAR_FRAME, 0x1000, True),
        (CLEAR_FRAME, 0x2000, False),
        (SET_KEY | 0x30, 0x0000, False),
    ),
)
def test_pfmf_low_address_protection(
    cpu: Cpu, run: Run, expect: Expect, function: int, address: int, is_protected: bool
) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    cpu.gr[1], cpu.gr[2] = function, address
    if is_protected:
        with expect(Code.PROTECTION) as raised:
            run(cpu, "PFMF", r1=1, r2=2)
        assert raised.value.translation_exception == address & ~0xFFF | 0x480
    else:
        run(cpu, "PFMF", r1=1, r2=2)


def test_pfmf_addressing_of_a_1m_frame(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[1], cpu.gr[2] = SET_KEY | FRAME_1M | 0x30, cpu.configuration.memory
    with expect(Code.ADDRESSING):
        run(cpu, "PFMF", r1=1, r2=2)
    assert cpu.gr[2] == cpu.configuration.memory


def test_pfmf_clearing_meets_the_page_state(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.states.bytes[PAGE] = 0x0F
    cpu.gr[1], cpu.gr[2] = CLEAR_FRAME, ADDRESS
    with expect(Code.DISCARD_FAULT):
        run(cpu, "PFMF", r1=1, r2=2)


def test_pfmf_is_interruptible(cpu: Cpu, run: Run, expect: Expect) -> None:
    storage = cpu.configuration.storage
    storage.write(MEGABYTE, b"x")
    cpu.configuration.states.bytes[258] = 0x0F
    cpu.gr[1], cpu.gr[2] = CLEAR_FRAME | FRAME_1M, MEGABYTE
    with expect(Code.DISCARD_FAULT):
        run(cpu, "PFMF", r1=1, r2=2)
    assert storage.read(MEGABYTE, 1) == b"\0"
    assert cpu.gr[2] == MEGABYTE + 0x2000


# TEST BLOCK


def test_tb(cpu: Cpu, run: Run) -> None:
    storage = cpu.configuration.storage
    storage.write(ADDRESS, b"\xff" * 4096)
    in_mode(cpu, ADDRESSING_MODE | 5 << 52)
    cpu.configuration.keys.bytes[PAGE] = 0x68
    cpu.cc = 3
    cpu.gr[0], cpu.gr[2] = ONES, ADDRESS | 0x10
    run(cpu, "TB", r1=1, r2=2)
    assert storage.read(ADDRESS, 4096) == bytes(4096)
    assert (cpu.gr[0], cpu.cc) == (0, 0)
    assert cpu.configuration.keys.bytes[PAGE] == 0x6E


def test_tb_outside_the_64_bit_mode(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, BASIC_ADDRESSING)
    cpu.gr[0], cpu.gr[2] = ONES, ADDRESS
    run(cpu, "TB", r1=1, r2=2)
    assert cpu.gr[0] == 0xFFFF_FFFF_0000_0000


@pytest.mark.parametrize("address", (0, 0x800, 0x1000))
def test_tb_low_address_protection(cpu: Cpu, run: Run, expect: Expect, address: int) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    cpu.gr[0], cpu.gr[2] = 7, address
    with expect(Code.PROTECTION) as raised:
        run(cpu, "TB", r1=1, r2=2)
    assert raised.value.translation_exception == address & ~0xFFF | 0x480
    assert cpu.gr[0] == 7


def test_tb_low_address_protection_goes_by_the_real_address(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    cpu.gr[2] = 0x6000
    cpu.configuration.storage.write(0, b"x")
    run(cpu, "TB", r1=1, r2=2)
    assert cpu.configuration.storage.read(0, 1) == b"\0"


def test_tb_meets_the_page_state(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.states.bytes[PAGE] = 0x07
    cpu.gr[2] = ADDRESS
    with expect(Code.ADDRESSING):
        run(cpu, "TB", r1=1, r2=2)


# TEST PROTECTION


def test_tprot_problem_state(cpu: Cpu, run: Run, expect: Expect) -> None:
    in_mode(cpu, ADDRESSING_MODE | PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "TPROT", b1=0, d1=0, b2=0, d2=0)


@pytest.mark.parametrize(
    ("storage_key", "access_key", "condition_code"),
    ((0x10, 0, 0), (0x18, 0, 0), (0x10, 1, 0), (0x18, 1, 0), (0x10, 2, 1), (0x18, 2, 2), (0x90, 2, 1), (0x98, 2, 2)),
)
def test_tprot_key(cpu: Cpu, run: Run, storage_key: int, access_key: int, condition_code: int) -> None:
    cpu.configuration.keys.bytes[PAGE] = storage_key
    cpu.configuration.states.bytes[PAGE] = 0x0F
    # Bits 0-55 and 60-63 of the second address are ignored, and the key of the PSW plays no part.
    cpu.gr[1], cpu.gr[2] = ADDRESS, 0xABCD_0000_0000_0F00 | access_key << 4
    in_mode(cpu, ADDRESSING_MODE | 7 << 52)
    run(cpu, "TPROT", b1=1, d1=0x10, b2=2, d2=0xF)
    assert cpu.cc == condition_code
    assert cpu.configuration.keys.bytes[PAGE] == storage_key
    assert cpu.configuration.states.bytes[PAGE] == 0x0F


def test_tprot_storage_protection_override(cpu: Cpu, run: Run) -> None:
    cpu.set_control_register(0, STORAGE_OVERRIDE)
    cpu.configuration.keys.bytes[PAGE] = 0x98
    cpu.gr[1] = ADDRESS
    run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=0x20)
    assert cpu.cc == 0


@pytest.mark.parametrize(("address", "condition_code"), ((0, 1), (2047, 1), (2048, 2)))
def test_tprot_fetch_protection_override(cpu: Cpu, run: Run, address: int, condition_code: int) -> None:
    cpu.configuration.keys.bytes[0] = 0x18
    run(cpu, "TPROT", b1=0, d1=address, b2=0, d2=0x20)
    assert cpu.cc == 2
    cpu.set_control_register(0, FETCH_OVERRIDE)
    run(cpu, "TPROT", b1=0, d1=address, b2=0, d2=0x20)
    assert cpu.cc == condition_code


@pytest.mark.parametrize(("address", "condition_code"), ((0, 1), (511, 1), (512, 0)))
def test_tprot_low_address_protection(cpu: Cpu, run: Run, address: int, condition_code: int) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    run(cpu, "TPROT", b1=0, d1=address, b2=0, d2=0)
    assert cpu.cc == condition_code


def test_tprot_low_address_protection_not_in_a_private_space(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.map(0, ADDRESS)
    address_space.enter(cpu)
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    run(cpu, "TPROT", b1=0, d1=0, b2=0, d2=0)
    assert cpu.cc == 1
    cpu.set_control_register(1, address_space.asce | PRIVATE)
    run(cpu, "TPROT", b1=0, d1=0, b2=0, d2=0)
    assert cpu.cc == 0


@pytest.mark.parametrize(("flags", "condition_code"), ((0, 0), (0x200, 1)))
def test_tprot_dat_protection(cpu: Cpu, run: Run, address_space: Any, flags: int, condition_code: int) -> None:
    address_space.map(0x5000, ADDRESS, flags)
    address_space.enter(cpu)
    run(cpu, "TPROT", b1=0, d1=0, b2=0, d2=0)
    assert cpu.cc == 3
    cpu.gr[1] = 0x5000
    run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=0)
    assert cpu.cc == condition_code


def test_tprot_uses_the_key_of_the_translated_block(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.map(0x5000, ADDRESS)
    address_space.enter(cpu, space=AddressSpaceControl.HOME)
    cpu.configuration.keys.bytes[PAGE] = 0x18
    cpu.gr[1] = 0x5000
    run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=0x20)
    assert cpu.cc == 2


def test_tprot_acc_validity(cpu: Cpu, run: Run, address_space: Any) -> None:
    address_space.set_segment(0x100000, 0x10000 | 0xA800 | 0x400)
    address_space.enter(cpu)
    cpu.set_control_register(0, EDAT)
    cpu.gr[1] = 0x100000
    for access_key, condition_code in ((0xA, 0), (0xB, 2)):
        run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=access_key << 4)
        assert cpu.cc == condition_code


@pytest.mark.parametrize("address", (0x6000, 0x20_0000, 0x8000_0000))
def test_tprot_not_translatable(cpu: Cpu, run: Run, address_space: Any, address: int) -> None:
    """Page translation, segment translation, ASCE type."""
    address_space.map(0x5000, ADDRESS)
    address_space.enter(cpu)
    cpu.gr[1] = address
    run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=0)
    assert cpu.cc == 3


def test_tprot_translation_specification(cpu: Cpu, run: Run, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, ADDRESS, 0x800)
    address_space.enter(cpu)
    cpu.gr[1] = 0x5000
    with expect(Code.TRANSLATION_SPECIFICATION):
        run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=0)


def test_tprot_addressing(cpu: Cpu, run: Run, expect: Expect, address_space: Any) -> None:
    cpu.gr[1] = cpu.configuration.memory
    with expect(Code.ADDRESSING):
        run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=0)
    address_space.map(0x5000, 0x4000_0000)
    address_space.set_segment(0x100000, 0x4000_0000)
    address_space.enter(cpu)
    for address in (0x5000, 0x100000):
        cpu.gr[1] = address
        with expect(Code.ADDRESSING):
            run(cpu, "TPROT", b1=1, d1=0, b2=0, d2=0)


def test_tprot_is_not_left_to_the_engine(machine: Machine, cpu: Cpu) -> None:
    machine.storage.write(0x10000, bytes.fromhex("E50110000020"))
    machine.keys.bytes[PAGE] = 0x18
    cpu.gr[1] = ADDRESS
    assert machine.step() is None
    assert (cpu.cc, cpu.instruction_address) == (2, 0x10006)
