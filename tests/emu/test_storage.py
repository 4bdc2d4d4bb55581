# SPDX-License-Identifier: GPL-2.0-or-later
"""Absolute storage: what the machine itself reads and writes."""

from __future__ import annotations

import pytest

from emu.addresses import PAGE_SIZE
from emu.machine import Machine
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode


def test_an_area_over_many_pages_reads_as_written(machine: Machine) -> None:
    data = bytes(range(256)) * 16 * 300
    machine.storage.write(0x10123, data)
    assert machine.storage.read(0x10123, len(data)) == data


def test_nothing_is_written_if_the_last_page_is_outside(machine: Machine) -> None:
    start = machine.memory - PAGE_SIZE - 8
    with pytest.raises(ProgramInterruption) as raised:
        machine.storage.write(start, b"x" * (2 * PAGE_SIZE))
    assert raised.value.code is ProgramInterruptionCode.ADDRESSING
    assert machine.storage.read(start, 8) == bytes(8)


def test_integers_are_big_endian(machine: Machine) -> None:
    machine.storage.write_integer(0x3000, 4, 0x01020304)
    assert machine.storage.read(0x3000, 4) == b"\1\2\3\4"
    assert machine.storage.read_integer(0x3001, 2) == 0x0203


def test_keys_stay_when_the_machine_itself_writes(machine: Machine) -> None:
    machine.keys.bytes[3] = 0xF0
    machine.storage.write(0x3000, b"data")
    assert machine.keys.bytes[3] == 0xF0
