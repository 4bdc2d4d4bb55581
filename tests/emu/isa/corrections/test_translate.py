# SPDX-License-Identifier: GPL-2.0-or-later
"""TR and TRE: the translation, and nothing changed when a later byte cannot be accessed."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode

TABLE = 0x3000


@pytest.fixture(autouse=True)
def table(machine: Machine, cpu: Cpu) -> None:
    """A table that adds one."""
    machine.storage.write(TABLE, bytes((number + 1) % 256 for number in range(256)))
    cpu.gr[2], cpu.gr[3] = 0x2000, TABLE


def test_translate(execute, machine) -> None:
    execute("dc0320003000", x2000="0010ff7f")
    assert machine.storage.read(0x2000, 4).hex() == "01110080"


def test_table_may_be_the_operand(execute, machine, cpu) -> None:
    cpu.gr[2] = TABLE
    # Byte 0 becomes what byte 1 is, which then becomes what byte 2 is ...
    execute("dc0330003000")
    assert machine.storage.read(TABLE, 4).hex() == "02030405"


@pytest.mark.parametrize(
    "code",
    ("dc0320003000", "44104100", "c61000000080"),
    ids=("TR", "EX", "EXRL"),
)
def test_nothing_is_translated_twice(execute, machine, cpu, address_space, code) -> None:
    for page in (0, 0x2000, TABLE, 0x10000):
        address_space.map(page, page)
    address_space.enter(cpu)
    cpu.gr[2] = 0x2FFE
    address_space.map(0x3000, 0x5000, 0x400)
    cpu.gr[3] = 0x4000
    address_space.map(0x4000, TABLE)
    cpu.gr[4] = 0x10000
    outcome = execute(code, x10100="dc0320003000", x2FFE="1011")
    assert outcome.interruption is ProgramInterruptionCode.PAGE_TRANSLATION
    assert machine.storage.read(0x2FFE, 2).hex() == "1011"


def test_extended(execute, machine, cpu) -> None:
    cpu.gr[4], cpu.gr[5], cpu.gr[0] = 0x2000, 3, 0xFF
    assert execute("b2a50043", x2000="010203").condition_code == 0
    assert machine.storage.read(0x2000, 3).hex() == "020304"
    assert (cpu.gr[4], cpu.gr[5]) == (0x2003, 0)


def test_extended_stops_at_the_test_byte(execute, machine, cpu) -> None:
    cpu.gr[4], cpu.gr[5], cpu.gr[0] = 0x2000, 3, 0x02
    assert execute("b2a50043", x2000="010203").condition_code == 1
    assert machine.storage.read(0x2000, 3).hex() == "020203"
    assert (cpu.gr[4], cpu.gr[5]) == (0x2001, 2)


def test_extended_stops_at_the_end_of_a_page(execute, cpu) -> None:
    cpu.gr[4], cpu.gr[5], cpu.gr[0] = 0x2FFF, 3, 0xFF
    assert execute("b2a50047", x2FFF="01").condition_code == 3
    assert (cpu.gr[4], cpu.gr[5]) == (0x3000, 2)


def test_extended_needs_a_pair(execute) -> None:
    assert execute("b2a50053").interruption is ProgramInterruptionCode.SPECIFICATION
