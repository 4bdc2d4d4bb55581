# SPDX-License-Identifier: GPL-2.0-or-later
"""MVCP, MVCS, MVCK, MVCSK, MVCDK and MVCOS (PoP chapter 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.access import NotModelled
from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, PROBLEM_STATE, AddressSpaceControl, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

SECONDARY_SPACE = 1 << 26
BEYOND = 0x400000

# The same virtual pages lie in other frames in each space.
SOURCE = 0x3000
TARGET = 0x5000
PRIMARY_FRAMES = 0x100000
SECONDARY_FRAMES = 0x200000
HOME_FRAMES = 0x300000
SPACE_BITS = {"primary": 0, "secondary": 2, "home": 3}
FRAMES = {"primary": PRIMARY_FRAMES, "secondary": SECONDARY_FRAMES, "home": HOME_FRAMES}

MOVES = ("MVCP", "MVCS", "MVCK", "MVCSK", "MVCDK", "MVCOS")
BETWEEN_SPACES = ("MVCP", "MVCS")
WITH_TRUE_LENGTH = ("MVCP", "MVCS", "MVCK", "MVCOS")
LIMITS = {"MVCP": 256, "MVCS": 256, "MVCK": 256, "MVCOS": 4096}


def in_mode(cpu: Cpu, mask: int) -> None:
    """Load a PSW with *mask*; the instruction address stays."""
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, cpu.instruction_address))
    cpu.psw_loaded = False


@pytest.fixture
def spaces(cpu: Cpu) -> Cpu:
    """The CPU with DAT on and primary, secondary and home space each with frames of its own."""
    storage = cpu.configuration.storage
    for index, (register, frames) in enumerate(((1, PRIMARY_FRAMES), (7, SECONDARY_FRAMES), (13, HOME_FRAMES))):
        segment_table, page_table = 0x40000 + 0x10000 * index, 0x48000 + 0x10000 * index
        storage.write_integer(segment_table, 8, page_table)
        for segment in range(1, 512):
            storage.write_integer(segment_table + 8 * segment, 8, 0x20)
        for page in range(16):
            storage.write_integer(page_table + 8 * page, 8, frames + (page << 12))
        for page in range(16, 256):
            storage.write_integer(page_table + 8 * page, 8, 0x400)
        cpu.set_control_register(register, segment_table)
    cpu.set_control_register(0, SECONDARY_SPACE)
    in_mode(cpu, DAT)
    return cpu


def content(length: int, seed: int = 1) -> bytes:
    """Bytes that repeat only after 251, so that a shift by a page is seen."""
    return bytes((seed + index) % 251 for index in range(length))


def move(
    cpu: Cpu, run: Run, mnemonic: str, length: int, key: int = 0, target: int = TARGET, source: int = SOURCE
) -> None:
    """Execute *mnemonic* with the operand *length* and the access *key* where it takes them."""
    cpu.gr[8], cpu.gr[9] = target, source
    operands = {"b1": 8, "b2": 9}
    if mnemonic in {"MVCSK", "MVCDK"}:
        cpu.gr[0], cpu.gr[1] = 0xFFFF_FF00 | length - 1, 0xFFFF_FF0F | key << 4
    elif mnemonic == "MVCOS":
        cpu.gr[4] = length
        operands["r3"] = 4
    else:
        cpu.gr[4], cpu.gr[5] = length, 0xFFFF_FF0F | key << 4
        operands |= {"r1": 4, "r3": 5}
    run(cpu, mnemonic, **operands)


def operand_access(key: int | None = None, space: int | None = None) -> int:
    """Sixteen bits of an operand-access control of MVCOS: PoP 10, "MOVE WITH OPTIONAL SPECIFICATIONS"."""
    control = 0 if key is None else key << 12 | 2
    return control if space is None else control | space << 6 | 1


# What each moves, and between what


@pytest.mark.parametrize(
    ("mnemonic", "source", "target"),
    (
        ("MVCP", SECONDARY_FRAMES, PRIMARY_FRAMES),
        ("MVCS", PRIMARY_FRAMES, SECONDARY_FRAMES),
        ("MVCK", PRIMARY_FRAMES, PRIMARY_FRAMES),
        ("MVCSK", PRIMARY_FRAMES, PRIMARY_FRAMES),
        ("MVCDK", PRIMARY_FRAMES, PRIMARY_FRAMES),
        ("MVCOS", PRIMARY_FRAMES, PRIMARY_FRAMES),
    ),
)
@pytest.mark.parametrize("length", (1, 100, 256))
def test_move(spaces: Cpu, run: Run, mnemonic: str, source: int, target: int, length: int) -> None:
    storage = spaces.configuration.storage
    storage.write(source + SOURCE + 0xFC0, content(300))
    spaces.cc = 2
    move(spaces, run, mnemonic, length, source=SOURCE + 0xFC0, target=TARGET + 0xFE0)
    assert storage.read(target + TARGET + 0xFE0, length + 1) == content(length) + b"\0"
    assert spaces.cc == (2 if mnemonic in {"MVCSK", "MVCDK"} else 0)


@pytest.mark.parametrize("mnemonic", BETWEEN_SPACES)
def test_the_secondary_space_mode_is_as_good_as_the_primary(spaces: Cpu, run: Run, mnemonic: str) -> None:
    in_mode(spaces, DAT | 2 << 46)
    to_primary = mnemonic == "MVCP"
    storage = spaces.configuration.storage
    storage.write((SECONDARY_FRAMES if to_primary else PRIMARY_FRAMES) + SOURCE, b"moved")
    move(spaces, run, mnemonic, 5)
    assert storage.read((PRIMARY_FRAMES if to_primary else SECONDARY_FRAMES) + TARGET, 5) == b"moved"


@pytest.mark.parametrize("mnemonic", ("MVCK", "MVCSK", "MVCDK"))
@pytest.mark.parametrize(("mask", "frames"), ((0, 0), (DAT | 2 << 46, SECONDARY_FRAMES), (DAT | 3 << 46, HOME_FRAMES)))
def test_moves_within_a_space_follow_the_psw(spaces: Cpu, run: Run, mnemonic: str, mask: int, frames: int) -> None:
    in_mode(spaces, mask)
    spaces.configuration.storage.write(frames + SOURCE, b"moved")
    move(spaces, run, mnemonic, 5)
    assert spaces.configuration.storage.read(frames + TARGET, 5) == b"moved"


@pytest.mark.parametrize("mnemonic", WITH_TRUE_LENGTH)
@pytest.mark.parametrize("excess", (0, 1, 1 << 40))
def test_more_than_the_limit_is_condition_code_3(spaces: Cpu, run: Run, mnemonic: str, excess: int) -> None:
    limit = LIMITS[mnemonic]
    storage = spaces.configuration.storage
    for frames in (PRIMARY_FRAMES, SECONDARY_FRAMES):
        storage.write(frames + SOURCE, content(limit + 1))
    move(spaces, run, mnemonic, limit + excess)
    target = (SECONDARY_FRAMES if mnemonic == "MVCS" else PRIMARY_FRAMES) + TARGET
    assert storage.read(target, limit + 1) == content(limit) + b"\0"
    assert spaces.cc == (3 if excess else 0)


@pytest.mark.parametrize("mnemonic", WITH_TRUE_LENGTH)
def test_outside_the_64_bit_mode_the_length_is_bits_32_to_63(spaces: Cpu, run: Run, mnemonic: str) -> None:
    spaces.load_psw(Psw(BASIC_ADDRESSING | DAT, spaces.instruction_address))
    move(spaces, run, mnemonic, 1 << 32 | 7)
    assert spaces.cc == 0
    move(spaces, run, mnemonic, 0xFFFF_FFFF)
    assert spaces.cc == 3


@pytest.mark.parametrize("mnemonic", WITH_TRUE_LENGTH)
def test_length_zero_accesses_nothing(spaces: Cpu, run: Run, mnemonic: str) -> None:
    spaces.cc = 3
    move(spaces, run, mnemonic, 0, source=0x7FFF_F000, target=0x7FFF_F000)
    assert spaces.cc == 0


# Keys: the second operand's page has key 5 and fetch protection, the first's key 6


@pytest.mark.parametrize(
    ("mnemonic", "psw_key", "key"), (("MVCP", 6, 5), ("MVCK", 6, 5), ("MVCSK", 6, 5), ("MVCS", 5, 6), ("MVCDK", 5, 6))
)
def test_one_operand_is_accessed_with_the_key_given(
    spaces: Cpu, run: Run, expect: Expect, mnemonic: str, psw_key: int, key: int
) -> None:
    keys = spaces.configuration.keys.bytes
    for frames in (PRIMARY_FRAMES, SECONDARY_FRAMES):
        keys[frames + SOURCE >> 12] = 0x58
        keys[frames + TARGET >> 12] = 0x60
    in_mode(spaces, DAT | psw_key << 52)
    move(spaces, run, mnemonic, 5, key)
    with expect(Code.PROTECTION):
        move(spaces, run, mnemonic, 5, psw_key)
    with expect(Code.PROTECTION):
        move(spaces, run, mnemonic, 5, 7)
    in_mode(spaces, DAT | key << 52)
    with expect(Code.PROTECTION):
        move(spaces, run, mnemonic, 5, key)


@pytest.mark.parametrize("mnemonic", ("MVCP", "MVCS", "MVCK", "MVCSK", "MVCDK"))
def test_the_problem_state_may_use_the_keys_of_the_psw_key_mask(
    spaces: Cpu, run: Run, expect: Expect, mnemonic: str
) -> None:
    spaces.set_control_register(3, 1 << 31 - 5)
    for frames in (PRIMARY_FRAMES, SECONDARY_FRAMES):
        spaces.configuration.keys.bytes[frames + TARGET >> 12] = 0x50
    in_mode(spaces, DAT | PROBLEM_STATE)
    move(spaces, run, mnemonic, 5, key=5)
    with expect(Code.PRIVILEGED_OPERATION):
        move(spaces, run, mnemonic, 5, key=4)


@pytest.mark.parametrize("mnemonic", WITH_TRUE_LENGTH)
def test_a_key_is_asked_for_even_if_nothing_is_moved(spaces: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_mode(spaces, DAT | PROBLEM_STATE)
    spaces.gr[0] = operand_access(key=4)
    with expect(Code.PRIVILEGED_OPERATION):
        move(spaces, run, mnemonic, 0, key=4)


@pytest.mark.parametrize("mnemonic", ("MVCP", "MVCS", "MVCK", "MVCSK", "MVCDK"))
def test_without_storage_keys_only_key_zero_may_be_named(spaces: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    spaces.configuration.facilities = DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}
    move(spaces, run, mnemonic, 5, key=0)
    with expect(Code.SPECIAL_OPERATION):
        move(spaces, run, mnemonic, 5, key=1)


# Special operation


@pytest.mark.parametrize("mnemonic", BETWEEN_SPACES)
@pytest.mark.parametrize("mask", (0, PROBLEM_STATE, DAT | 1 << 46, DAT | 3 << 46))
def test_moves_between_spaces_need_the_primary_or_secondary_space_mode(
    spaces: Cpu, run: Run, expect: Expect, mnemonic: str, mask: int
) -> None:
    in_mode(spaces, mask)
    with expect(Code.SPECIAL_OPERATION):
        move(spaces, run, mnemonic, 5)


@pytest.mark.parametrize("mnemonic", BETWEEN_SPACES)
def test_moves_between_spaces_need_the_secondary_space_control(
    spaces: Cpu, run: Run, expect: Expect, mnemonic: str
) -> None:
    spaces.set_control_register(0, 0)
    with expect(Code.SPECIAL_OPERATION):
        move(spaces, run, mnemonic, 5)


# Access exceptions


@pytest.mark.parametrize("mnemonic", MOVES)
@pytest.mark.parametrize("operand", (1, 2))
def test_nothing_is_stored_if_a_later_page_gives_an_access_exception(
    spaces: Cpu, run: Run, expect: Expect, mnemonic: str, operand: int
) -> None:
    # Page 0x10 of each space is invalid.
    storage = spaces.configuration.storage
    for frames in (PRIMARY_FRAMES, SECONDARY_FRAMES):
        storage.write(frames + 0x3000, content(0xD000))
    target, source = (0xFFF0, SOURCE) if operand == 1 else (TARGET, 0xFFF0)
    before = [storage.read(frames, 0x10000) for frames in (PRIMARY_FRAMES, SECONDARY_FRAMES)]
    spaces.cc = 1
    spaces.gr[0] = 0
    with expect(Code.PAGE_TRANSLATION) as condition:
        move(spaces, run, mnemonic, 32, target=target, source=source)
    assert [storage.read(frames, 0x10000) for frames in (PRIMARY_FRAMES, SECONDARY_FRAMES)] == before
    in_secondary = {"MVCP": 2, "MVCS": 1}.get(mnemonic) == operand
    access = 0x400 if operand == 1 else 0x800
    assert condition.value.translation_exception == 0x10000 | access | (2 if in_secondary else 0)
    assert spaces.cc == 1


@pytest.mark.parametrize("mnemonic", ("MVCK", "MVCSK", "MVCDK"))
def test_operand_outside_storage(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    with expect(Code.ADDRESSING):
        move(cpu, run, mnemonic, 5, source=BEYOND - 1)
    with expect(Code.ADDRESSING):
        move(cpu, run, mnemonic, 5, target=BEYOND - 1)
    assert cpu.configuration.storage.read(BEYOND - 1, 1) == b"\0"


# MOVE WITH OPTIONAL SPECIFICATIONS


@pytest.mark.parametrize("target", SPACE_BITS)
@pytest.mark.parametrize("source", SPACE_BITS)
def test_mvcos_between_any_two_spaces(spaces: Cpu, run: Run, target: str, source: str) -> None:
    storage = spaces.configuration.storage
    storage.write(FRAMES[source] + SOURCE, b"moved")
    spaces.gr[0] = operand_access(space=SPACE_BITS[target]) << 16 | operand_access(space=SPACE_BITS[source])
    move(spaces, run, "MVCOS", 5)
    assert storage.read(FRAMES[target] + TARGET, 5) == b"moved"


@pytest.mark.parametrize("space", SPACE_BITS)
def test_mvcos_without_specifications_follows_the_psw(spaces: Cpu, run: Run, space: str) -> None:
    storage = spaces.configuration.storage
    storage.write(FRAMES[space] + SOURCE, b"moved")
    in_mode(spaces, DAT | SPACE_BITS[space] << 46)
    # Keys and spaces without their validity bits count for nothing.
    spaces.gr[0] = 0xF080_F080
    move(spaces, run, "MVCOS", 5)
    assert storage.read(FRAMES[space] + TARGET, 5) == b"moved"


def test_mvcos_takes_a_key_for_each_operand(spaces: Cpu, run: Run, expect: Expect) -> None:
    keys = spaces.configuration.keys.bytes
    keys[PRIMARY_FRAMES + SOURCE >> 12] = 0x58
    keys[PRIMARY_FRAMES + TARGET >> 12] = 0x60
    in_mode(spaces, DAT | 7 << 52)
    spaces.gr[0] = operand_access(key=6) << 16 | operand_access(key=5)
    move(spaces, run, "MVCOS", 5)
    for first, second in ((5, 5), (6, 6), (None, 5), (6, None)):
        spaces.gr[0] = operand_access(key=first) << 16 | operand_access(key=second)
        with expect(Code.PROTECTION):
            move(spaces, run, "MVCOS", 5)
    in_mode(spaces, DAT | 6 << 52)
    spaces.gr[0] = operand_access(key=5)
    move(spaces, run, "MVCOS", 5)


def test_mvcos_with_dat_off(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.set_control_register(0, SECONDARY_SPACE)
    with expect(Code.SPECIAL_OPERATION):
        move(cpu, run, "MVCOS", 5)


def test_mvcos_into_the_home_space_in_the_problem_state(spaces: Cpu, run: Run, expect: Expect) -> None:
    in_mode(spaces, DAT | PROBLEM_STATE)
    # The key is not permitted either, which comes later.
    spaces.gr[0] = operand_access(key=4, space=3) << 16
    with expect(Code.SPECIAL_OPERATION):
        move(spaces, run, "MVCOS", 5)


# PoP 10: the condition is about the control of the first operand alone, and about a space that it specifies.
@pytest.mark.parametrize(
    ("mask", "control", "source", "target"),
    (
        (DAT, operand_access(space=3), "home", "primary"),
        (DAT | 3 << 46, 0, "home", "home"),
    ),
)
def test_mvcos_otherwise_reaches_the_home_space_in_the_problem_state(
    spaces: Cpu, run: Run, mask: int, control: int, source: str, target: str
) -> None:
    spaces.set_control_register(3, 1 << 31)
    in_mode(spaces, PROBLEM_STATE | mask)
    spaces.configuration.storage.write(FRAMES[source] + SOURCE, b"moved")
    spaces.gr[0] = control
    move(spaces, run, "MVCOS", 5)
    assert spaces.configuration.storage.read(FRAMES[target] + TARGET, 5) == b"moved"


@pytest.mark.parametrize("shift", (0, 16))
def test_mvcos_needs_the_secondary_space_control_for_the_secondary_space(
    spaces: Cpu, run: Run, expect: Expect, shift: int
) -> None:
    spaces.set_control_register(0, 0)
    spaces.gr[0] = operand_access(space=0)
    move(spaces, run, "MVCOS", 5)
    spaces.gr[0] = operand_access(space=2) << shift
    with expect(Code.SPECIAL_OPERATION):
        move(spaces, run, "MVCOS", 5)
    # The space may come from the PSW as well.
    in_mode(spaces, DAT | 2 << 46)
    spaces.gr[0] = operand_access(space=0) << shift
    with expect(Code.SPECIAL_OPERATION):
        move(spaces, run, "MVCOS", 5)


@pytest.mark.parametrize("shift", (0, 16))
def test_mvcos_keys_in_the_problem_state(spaces: Cpu, run: Run, expect: Expect, shift: int) -> None:
    # Keys 0, which the PSW implies, and 5.
    spaces.set_control_register(3, 1 << 31 | 1 << 31 - 5)
    for frames in (PRIMARY_FRAMES, SECONDARY_FRAMES):
        spaces.configuration.keys.bytes[frames + TARGET >> 12] = 0x50
    in_mode(spaces, DAT | PROBLEM_STATE)
    spaces.gr[0] = operand_access(key=5) << shift
    move(spaces, run, "MVCOS", 5)
    spaces.gr[0] = operand_access(key=4) << shift
    with expect(Code.PRIVILEGED_OPERATION):
        move(spaces, run, "MVCOS", 5)
    # A key that is not valid is not asked about, but that of the PSW is in its place.
    spaces.gr[0] = 0x4000 << shift
    move(spaces, run, "MVCOS", 5)
    spaces.set_control_register(3, 1 << 31 - 5)
    spaces.gr[0] = operand_access(key=5) << shift
    with expect(Code.PRIVILEGED_OPERATION):
        move(spaces, run, "MVCOS", 5)
    spaces.gr[0] = operand_access(key=5) << 16 | operand_access(key=5)
    move(spaces, run, "MVCOS", 5)


@pytest.mark.parametrize("shift", (0, 16))
def test_mvcos_without_storage_keys(spaces: Cpu, run: Run, expect: Expect, shift: int) -> None:
    spaces.configuration.facilities = DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}
    spaces.gr[0] = operand_access(key=0) << shift
    move(spaces, run, "MVCOS", 5)
    spaces.gr[0] = operand_access(key=4) << shift
    with expect(Code.SPECIAL_OPERATION):
        move(spaces, run, "MVCOS", 5)


def test_mvcos_reports_the_space_of_the_operand(spaces: Cpu, run: Run, expect: Expect) -> None:
    spaces.gr[0] = operand_access(space=3) << 16 | operand_access(space=2)
    with expect(Code.SEGMENT_TRANSLATION) as condition:
        move(spaces, run, "MVCOS", 5, source=0x123000)
    assert condition.value.translation_exception == 0x123000 | 0x800 | AddressSpaceControl.SECONDARY
    with expect(Code.PAGE_TRANSLATION) as condition:
        move(spaces, run, "MVCOS", 5, target=0x10000)
    assert condition.value.translation_exception == 0x10000 | 0x400 | AddressSpaceControl.HOME


def test_mvcos_of_a_space_of_access_registers_is_not_modelled(spaces: Cpu, run: Run, expect: Expect) -> None:
    spaces.gr[0] = operand_access(space=1) << 16
    with pytest.raises(NotModelled, match="access-register"):
        move(spaces, run, "MVCOS", 5)
    # What the guest is told first comes first.
    in_mode(spaces, DAT | PROBLEM_STATE)
    spaces.gr[0] = operand_access(space=1) << 16 | operand_access(key=4)
    with expect(Code.PRIVILEGED_OPERATION):
        move(spaces, run, "MVCOS", 5)


def test_mvcos_not_installed(spaces: Cpu, run: Run, expect: Expect) -> None:
    spaces.configuration.facilities = DEFAULT_FACILITIES - {Facility.MVCOS}
    with expect(Code.OPERATION):
        move(spaces, run, "MVCOS", 5)
