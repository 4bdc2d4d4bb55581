# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace table (PoP chapter 4, "Tracing"): where an entry may lie, and what making one changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.isa.tracing import make_entry, require_entry
from emu.program_interruption import Ending, ProgramInterruptionCode

Code = ProgramInterruptionCode
Expect = Callable[[ProgramInterruptionCode], Any]

BEYOND = 0x400000
LOW_ADDRESS_PROTECTION = 1 << 28
CONTROLS = 1 << 63 | 1 << 62 | 3
"""CR12: branch-trace, mode-trace, ASN-trace and explicit-trace control; the rest is the trace-entry address."""


def test_an_entry_is_stored_and_the_address_moves_behind_it(cpu: Cpu) -> None:
    cpu.set_control_register(12, 0x5000 | CONTROLS)
    make_entry(cpu, b"four")
    make_entry(cpu, b"and more")
    assert cpu.configuration.storage.read(0x5000, 13) == b"fourand more\0"
    assert cpu.cr[12] == 0x500C | CONTROLS


def test_the_address_is_real_and_no_key_is_asked_for(cpu: Cpu) -> None:
    cpu.set_prefix(0x8000)
    cpu.set_control_register(12, 0x1000)
    cpu.configuration.keys.bytes[9] = 0x30
    cpu.key = 4
    require_entry(cpu, 4)
    make_entry(cpu, b"four")
    assert cpu.configuration.storage.read(0x9000, 4) == b"four"
    # Reference and change are recorded.
    assert cpu.configuration.keys.bytes[9] == 0x36


@pytest.mark.parametrize("length", (4, 76, 144))
def test_an_entry_must_not_reach_the_end_of_its_block(cpu: Cpu, expect: Expect, length: int) -> None:
    cpu.set_control_register(12, 0x6000 - length - 4 | CONTROLS)
    require_entry(cpu, length)
    cpu.set_control_register(12, 0x6000 - length | CONTROLS)
    with expect(Code.TRACE_TABLE) as condition:
        require_entry(cpu, length)
    assert condition.value.ending is Ending.NULLIFICATION


@pytest.mark.parametrize("address", (0, 0x1FC, 0x1000, 0x11FC))
def test_low_address_protection(cpu: Cpu, expect: Expect, address: int) -> None:
    cpu.set_control_register(12, address | CONTROLS)
    require_entry(cpu, 4)
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    with expect(Code.PROTECTION) as condition:
        require_entry(cpu, 4)
    # A store, stopped by low-address protection.
    assert condition.value.translation_exception == address & 0x1000 | 0x480


@pytest.mark.parametrize("address", (BEYOND, BEYOND + 0xFFC))
def test_addressing(cpu: Cpu, expect: Expect, address: int) -> None:
    cpu.set_control_register(12, address | CONTROLS)
    with expect(Code.ADDRESSING):
        require_entry(cpu, 4)
