# SPDX-License-Identifier: GPL-2.0-or-later
"""Protection, recording and the priority of access exceptions (PoP chapter 3 and chapter 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu import access
from emu.access import NotModelled
from emu.cpu import Cpu
from emu.instruction_fetch import fetch_instruction
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, AddressSpaceControl, Psw
from emu.teid import Access

Code = ProgramInterruptionCode
Expect = Callable[[ProgramInterruptionCode], Any]

LOW_ADDRESS_PROTECTION = 1 << 28
FETCH_OVERRIDE = 1 << 25
STORAGE_OVERRIDE = 1 << 24
EDAT = 1 << 23
EXECUTION_PROTECTION = 1 << 20
PRIVATE = 0x100

TEID_FETCH = 0x800
TEID_STORE = 0x400
TEID_LOW_ADDRESS = 0x80
TEID_KEY = 0x08
TEID_DAT = 0x04
TEID_EXECUTION = 0x84

PAGE = 0x3000


def set_key(cpu: Cpu, address: int, key: int) -> None:
    cpu.configuration.keys.bytes[address >> 12] = key


def key_of(cpu: Cpu, address: int) -> int:
    return cpu.configuration.keys.bytes[address >> 12]


# Low-address protection


@pytest.mark.parametrize("address", (0, 1, 511, 4096, 4607))
def test_low_addresses_are_protected_from_stores(cpu: Cpu, expect: Expect, address: int) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    with expect(Code.PROTECTION) as raised:
        access.store(cpu, address, b"x")
    assert raised.value.translation_exception == address & ~0xFFF | TEID_STORE | TEID_LOW_ADDRESS
    assert key_of(cpu, address) == 0
    access.load(cpu, address, 1)


@pytest.mark.parametrize("address", (512, 4095, 4608, 8191, 8192, 12288))
def test_other_addresses_are_not(cpu: Cpu, address: int) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    access.store(cpu, address, b"x")
    assert access.load(cpu, address, 1) == b"x"


def test_low_addresses_are_open_without_the_control(cpu: Cpu) -> None:
    access.store(cpu, 0, b"x")
    access.store(cpu, 4096, b"y")


@pytest.mark.parametrize(("address", "length"), ((510, 4), (4090, 8), (4606, 2)))
def test_store_that_reaches_a_low_range_stores_nothing(cpu: Cpu, expect: Expect, address: int, length: int) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    with expect(Code.PROTECTION):
        access.store(cpu, address, b"\xff" * length)
    assert access.load(cpu, address, length) == bytes(length)


def test_low_address_protection_is_by_effective_address_not_by_absolute(cpu: Cpu, address_space: Any) -> None:
    address_space.map(0x8000, 0)
    address_space.enter(cpu)
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    access.store(cpu, 0x8000, b"x")


def test_private_space_has_no_low_address_protection(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.map(0, PAGE)
    address_space.enter(cpu)
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    with expect(Code.PROTECTION):
        access.store(cpu, 0, b"x")
    cpu.set_control_register(1, address_space.asce | PRIVATE)
    access.store(cpu, 0, b"x")


# Key-controlled protection (figure "Summary of Protection Action")


@pytest.mark.parametrize(
    ("storage_key", "access_key", "fetch", "store"),
    (
        (0x00, 0, True, True),
        (0x58, 0, True, True),
        (0x50, 5, True, True),
        (0x58, 5, True, True),
        (0x50, 6, True, False),
        (0x58, 6, False, False),
        (0x00, 6, True, False),
        (0x08, 6, False, False),
        (0x90, 6, True, False),
        (0x98, 6, False, False),
    ),
)
def test_key_controlled_protection(
    cpu: Cpu, expect: Expect, storage_key: int, access_key: int, fetch: bool, store: bool
) -> None:
    set_key(cpu, PAGE, storage_key)
    if fetch:
        access.load(cpu, PAGE, 1, key=access_key)
    else:
        with expect(Code.PROTECTION) as raised:
            access.load(cpu, PAGE, 1, key=access_key)
        assert raised.value.translation_exception == PAGE | TEID_FETCH | TEID_KEY
    if store:
        access.store(cpu, PAGE, b"x", key=access_key)
    else:
        with expect(Code.PROTECTION) as raised:
            access.store(cpu, PAGE, b"x", key=access_key)
        assert raised.value.translation_exception == PAGE | TEID_STORE | TEID_KEY
        assert access.load(cpu, PAGE, 1) == b"\0"


def test_key_of_the_psw_is_the_default(cpu: Cpu, expect: Expect) -> None:
    set_key(cpu, PAGE, 0x58)
    cpu.load_psw(Psw(ADDRESSING_MODE | 6 << 52, 0))
    with expect(Code.PROTECTION):
        access.load(cpu, PAGE, 1)
    cpu.load_psw(Psw(ADDRESSING_MODE | 5 << 52, 0))
    access.load(cpu, PAGE, 1)


def test_operand_over_two_blocks_needs_both_keys(cpu: Cpu, expect: Expect) -> None:
    set_key(cpu, PAGE, 0x50)
    set_key(cpu, PAGE + 0x1000, 0x60)
    with expect(Code.PROTECTION) as raised:
        access.store(cpu, PAGE + 0xFFC, b"\xff" * 8, key=5)
    assert raised.value.translation_exception == PAGE + 0x1000 | TEID_STORE | TEID_KEY
    assert access.load(cpu, PAGE + 0xFFC, 4) == bytes(4)


@pytest.mark.parametrize(("address", "is_permitted"), ((0, True), (2047, True), (2048, False), (4096, False)))
def test_fetch_protection_override(cpu: Cpu, expect: Expect, address: int, is_permitted: bool) -> None:
    set_key(cpu, 0, 0x18)
    set_key(cpu, 0x1000, 0x18)
    cpu.set_control_register(0, FETCH_OVERRIDE)
    if is_permitted:
        access.load(cpu, address, 1, key=2)
        access.resolve(cpu, address, Access.INSTRUCTION_FETCH, key=2)
    else:
        with expect(Code.PROTECTION):
            access.load(cpu, address, 1, key=2)
    with expect(Code.PROTECTION):
        access.store(cpu, address, b"x", key=2)
    cpu.set_control_register(0, 0)
    with expect(Code.PROTECTION):
        access.load(cpu, address, 1, key=2)


def test_fetch_protection_override_ends_inside_an_operand(cpu: Cpu, expect: Expect) -> None:
    set_key(cpu, 0, 0x18)
    cpu.set_control_register(0, FETCH_OVERRIDE)
    access.load(cpu, 2040, 8, key=2)
    with expect(Code.PROTECTION):
        access.load(cpu, 2040, 9, key=2)


def test_fetch_protection_override_in_a_private_space(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.map(0, PAGE)
    set_key(cpu, PAGE, 0x18)
    address_space.enter(cpu)
    cpu.set_control_register(0, FETCH_OVERRIDE)
    access.load(cpu, 0, 1, key=2)
    cpu.set_control_register(1, address_space.asce | PRIVATE)
    with expect(Code.PROTECTION):
        access.load(cpu, 0, 1, key=2)


@pytest.mark.parametrize("storage_key", (0x90, 0x98))
def test_storage_protection_override_opens_key_9(cpu: Cpu, storage_key: int) -> None:
    set_key(cpu, PAGE, storage_key)
    cpu.set_control_register(0, STORAGE_OVERRIDE)
    access.store(cpu, PAGE, b"x", key=2)
    assert access.load(cpu, PAGE, 1, key=2) == b"x"


def test_storage_protection_override_opens_no_other_key(cpu: Cpu, expect: Expect) -> None:
    set_key(cpu, PAGE, 0xA8)
    cpu.set_control_register(0, STORAGE_OVERRIDE)
    with expect(Code.PROTECTION):
        access.store(cpu, PAGE, b"x", key=2)
    with expect(Code.PROTECTION):
        access.load(cpu, PAGE, 1, key=2)


# Reference and change recording


def test_fetch_records_a_reference_and_store_a_change(cpu: Cpu) -> None:
    set_key(cpu, PAGE, 0x50)
    access.load(cpu, PAGE, 1)
    assert key_of(cpu, PAGE) == 0x54
    access.store(cpu, PAGE, b"x")
    assert key_of(cpu, PAGE) == 0x56
    set_key(cpu, PAGE, 0x58)
    access.resolve(cpu, PAGE, Access.INSTRUCTION_FETCH)
    assert key_of(cpu, PAGE) == 0x5C


def test_refused_access_records_nothing(cpu: Cpu, expect: Expect) -> None:
    set_key(cpu, PAGE, 0x58)
    with expect(Code.PROTECTION):
        access.load(cpu, PAGE, 1, key=6)
    with expect(Code.PROTECTION):
        access.store(cpu, PAGE, b"x", key=6)
    assert key_of(cpu, PAGE) == 0x58


def test_recording_goes_to_the_absolute_block(cpu: Cpu) -> None:
    cpu.set_prefix(0x6000)
    access.store(cpu, 0x1000, b"x")
    assert (key_of(cpu, 0x1000), key_of(cpu, 0x7000)) == (0, 0x06)


# Translation exceptions and their identification


@pytest.mark.parametrize(
    "space", (AddressSpaceControl.PRIMARY, AddressSpaceControl.SECONDARY, AddressSpaceControl.HOME)
)
def test_identification_of_a_translation_exception(
    cpu: Cpu, expect: Expect, address_space: Any, space: AddressSpaceControl
) -> None:
    address_space.map(0x5000, PAGE)
    address_space.enter(cpu, space=space)
    with expect(Code.PAGE_TRANSLATION) as raised:
        access.load(cpu, 0x6ABC, 1)
    assert raised.value.translation_exception == 0x6000 | TEID_FETCH | space
    with expect(Code.SEGMENT_TRANSLATION) as raised:
        access.store(cpu, 0x123_4567, b"x")
    assert raised.value.translation_exception == 0x123_4000 | TEID_STORE | space
    with expect(Code.ASCE_TYPE) as raised:
        access.load(cpu, 0x8000_0123, 1)
    assert raised.value.translation_exception == 0x8000_0000 | TEID_FETCH | space


def test_instructions_come_from_the_primary_space_unless_in_home_mode(
    cpu: Cpu, expect: Expect, address_space: Any
) -> None:
    address_space.enter(cpu, space=AddressSpaceControl.SECONDARY)
    with expect(Code.SEGMENT_TRANSLATION) as raised:
        fetch_instruction(cpu, 0x5000)
    assert raised.value.translation_exception == 0x5000 | TEID_FETCH | 0
    assert raised.value.instruction_fetch
    address_space.enter(cpu, space=AddressSpaceControl.HOME)
    with expect(Code.SEGMENT_TRANSLATION) as raised:
        fetch_instruction(cpu, 0x5000)
    assert raised.value.translation_exception == 0x5000 | TEID_FETCH | 3


def test_translation_specification_has_no_identification(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, PAGE, 0x800)
    address_space.enter(cpu)
    with expect(Code.TRANSLATION_SPECIFICATION) as raised:
        access.load(cpu, 0x5000, 1)
    assert raised.value.translation_exception is None


def test_access_register_mode_is_named(cpu: Cpu, address_space: Any) -> None:
    address_space.enter(cpu, space=AddressSpaceControl.ACCESS_REGISTER)
    with pytest.raises(NotModelled, match="access-register"):
        access.load(cpu, 0, 1)


def test_table_outside_the_configuration(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.set_segment(0, 0x4000_0000)
    address_space.enter(cpu)
    with expect(Code.ADDRESSING):
        access.load(cpu, 0x5000, 1)


def test_explicit_space_is_translated_with_dat_off(cpu: Cpu, address_space: Any) -> None:
    address_space.map(0x5000, PAGE)
    cpu.set_control_register(7, address_space.asce)
    assert access.resolve(cpu, 0x5004, Access.FETCH, space=AddressSpaceControl.SECONDARY) == PAGE + 4


def test_real_access_is_not_translated_but_prefixed(cpu: Cpu, address_space: Any) -> None:
    address_space.enter(cpu)
    cpu.set_prefix(0x6000)
    assert access.resolve(cpu, 0x10, Access.FETCH, real=True) == 0x6010


def test_frame_address_of_a_page_is_prefixed_and_that_of_a_large_frame_not(cpu: Cpu, address_space: Any) -> None:
    address_space.map(0x5000, 0)
    address_space.set_segment(0x100000, 0x400)
    address_space.enter(cpu)
    cpu.set_control_register(0, EDAT)
    cpu.set_prefix(0x6000)
    assert access.resolve(cpu, 0x5004, Access.FETCH) == 0x6004
    assert access.resolve(cpu, 0x100004, Access.FETCH) == 0x0004


# DAT protection and instruction-execution protection


def test_dat_protection_stops_stores(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, PAGE, 0x200)
    address_space.enter(cpu)
    access.load(cpu, 0x5000, 1)
    with expect(Code.PROTECTION) as raised:
        access.store(cpu, 0x5678, b"x")
    assert raised.value.translation_exception == 0x5000 | TEID_STORE | TEID_DAT


def test_instruction_execution_protection(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, PAGE, 0x100)
    address_space.enter(cpu)
    fetch_instruction(cpu, 0x5000)
    cpu.set_control_register(0, EXECUTION_PROTECTION)
    access.load(cpu, 0x5000, 1)
    access.store(cpu, 0x5000, b"x")
    with expect(Code.PROTECTION) as raised:
        fetch_instruction(cpu, 0x5000)
    assert raised.value.translation_exception == 0x5000 | TEID_FETCH | TEID_EXECUTION
    assert raised.value.instruction_fetch


def test_acc_validity_puts_the_entry_key_in_place_of_the_storage_key(
    cpu: Cpu, expect: Expect, address_space: Any
) -> None:
    address_space.set_segment(0x100000, 0x10000 | 0xA800 | 0x400)
    set_key(cpu, PAGE, 0x58)
    address_space.enter(cpu)
    cpu.set_control_register(0, EDAT)
    access.store(cpu, 0x100000 + PAGE, b"x", key=0xA)
    assert key_of(cpu, PAGE) == 0x5E
    with expect(Code.PROTECTION):
        access.load(cpu, 0x100000 + PAGE, 1, key=5)


# Priority of access exceptions


def test_low_address_protection_comes_before_translation(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.enter(cpu)
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    with expect(Code.PROTECTION):
        access.store(cpu, 0x10, b"x")
    with expect(Code.SEGMENT_TRANSLATION):
        access.load(cpu, 0x10, 1)


def test_dat_protection_comes_before_addressing(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, 0x4000_0000, 0x200)
    address_space.enter(cpu)
    with expect(Code.PROTECTION):
        access.store(cpu, 0x5000, b"x")
    with expect(Code.ADDRESSING):
        access.load(cpu, 0x5000, 1)


def test_dat_protection_comes_before_key_controlled(cpu: Cpu, expect: Expect, address_space: Any) -> None:
    address_space.map(0x5000, PAGE, 0x200)
    set_key(cpu, PAGE, 0x50)
    address_space.enter(cpu, key=6)
    with expect(Code.PROTECTION) as raised:
        access.store(cpu, 0x5000, b"x")
    assert raised.value.translation_exception == 0x5000 | TEID_STORE | TEID_DAT


def test_key_controlled_protection_comes_before_the_page_state(cpu: Cpu, expect: Expect) -> None:
    cpu.configuration.states.bytes[PAGE >> 12] = 0x0F
    set_key(cpu, PAGE, 0x58)
    with expect(Code.PROTECTION):
        access.load(cpu, PAGE, 1, key=6)
    with expect(Code.DISCARD_FAULT) as raised:
        access.load(cpu, PAGE + 8, 1, key=5)
    assert raised.value.translation_exception == PAGE
    cpu.configuration.states.bytes[PAGE >> 12] = 0x04
    with expect(Code.ADDRESSING):
        access.store(cpu, PAGE, b"x", key=5)
    assert key_of(cpu, PAGE) == 0x58


def test_address_outside_the_configuration(cpu: Cpu, machine: Machine, expect: Expect) -> None:
    access.load(cpu, machine.memory - 8, 8)
    with expect(Code.ADDRESSING):
        access.load(cpu, machine.memory - 4, 8)
    with expect(Code.ADDRESSING):
        access.store(cpu, machine.memory, b"x")


def test_operand_wraps_around_at_the_end_of_the_addressing_mode(cpu: Cpu, address_space: Any) -> None:
    address_space.map(0x7FFF_F000, PAGE)
    address_space.map(0, PAGE + 0x1000)
    address_space.enter(cpu, mode=BASIC_ADDRESSING)
    access.store(cpu, 0x7FFF_FFFE, b"abcd")
    storage = cpu.configuration.storage
    assert storage.read(PAGE + 0xFFE, 2) + storage.read(PAGE + 0x1000, 2) == b"abcd"
    assert access.load(cpu, 0x7FFF_FFFE, 4) == b"abcd"
