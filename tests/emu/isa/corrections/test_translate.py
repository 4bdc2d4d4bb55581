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


# From one string to another: R1 is 4, with the length in 5; R2 is 6; the table is where register 1 says

CODES = {"TROO": "93", "TROT": "92", "TRTO": "91", "TRTT": "90"}
SIZES = {"TROO": (1, 1), "TROT": (1, 2), "TRTO": (2, 1), "TRTT": (2, 2)}
STRING_TABLE, RESULT, SOURCE = 0x20000, 0x2000, 0x3000


def prepare_strings(machine, cpu, name: str, characters: tuple[int, ...], *, test: int = 0xEEEE) -> bytes:
    """Let the table translate n to n + 0x0102, as much of it as there is room for; give what should come out."""
    source, result = SIZES[name]
    for character in characters:
        entry = (character + 0x102 & (1 << 8 * result) - 1).to_bytes(result, "big")
        machine.storage.write(STRING_TABLE + character * result, entry)
    data = b"".join(character.to_bytes(source, "big") for character in characters)
    machine.storage.write(cpu.gr[6] or SOURCE, data)
    cpu.gr[0], cpu.gr[1], cpu.gr[4], cpu.gr[5] = test, STRING_TABLE + 5, cpu.gr[4] or RESULT, len(data)
    cpu.gr[6] = cpu.gr[6] or SOURCE
    return b"".join((character + 0x102 & (1 << 8 * result) - 1).to_bytes(result, "big") for character in characters)


@pytest.mark.parametrize("name", CODES)
def test_strings(execute, machine, cpu, name) -> None:
    expected = prepare_strings(machine, cpu, name, (1, 5, 0xFF))
    assert execute(f"b9{CODES[name]}0046").condition_code == 0
    assert machine.storage.read(RESULT, len(expected) + 1) == expected + b"\0"
    assert (cpu.gr[4], cpu.gr[5], cpu.gr[6]) == (RESULT + len(expected), 0, SOURCE + 3 * SIZES[name][0])


@pytest.mark.parametrize("name", CODES)
def test_strings_end_at_the_test_character(execute, machine, cpu, name) -> None:
    # Of two bytes all are compared: X'0107' is not X'0207'.
    source, result = SIZES[name]
    expected = prepare_strings(machine, cpu, name, (1, 5, 0xFF), test=0x107)
    assert execute(f"b9{CODES[name]}0046").condition_code == 1
    assert (cpu.gr[4], cpu.gr[5], cpu.gr[6]) == (RESULT + result, 2 * source, SOURCE + source)
    assert machine.storage.read(RESULT, result + 1) == expected[:result] + b"\0"


@pytest.mark.parametrize("name", ("TROT", "TRTT"))
def test_half_of_a_test_character_ends_nothing(execute, machine, cpu, name) -> None:
    prepare_strings(machine, cpu, name, (1, 5, 0xFF), test=0x207)
    assert execute(f"b9{CODES[name]}0046").condition_code == 0


@pytest.mark.parametrize("name", CODES)
def test_no_test_character(execute, machine, cpu, name) -> None:
    prepare_strings(machine, cpu, name, (1, 5, 0xFF), test=0x107)
    assert execute(f"b9{CODES[name]}1046").condition_code == 0


@pytest.mark.parametrize("name", CODES)
def test_strings_of_no_length(execute, cpu, name) -> None:
    assert execute(f"b9{CODES[name]}0046").condition_code == 0
    assert cpu.gr[4] == cpu.gr[5] == cpu.gr[6] == 0


@pytest.mark.parametrize("name", CODES)
def test_many_characters_are_translated_in_parts(execute, machine, cpu, name) -> None:
    expected = prepare_strings(machine, cpu, name, tuple(number % 200 for number in range(700)))
    # BRC 1 back to it
    assert execute(f"b9{CODES[name]}0046 a714fffe").condition_code == 0
    assert machine.storage.read(RESULT, len(expected)) == expected


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("refused", (4, 6))
def test_what_was_translated_before_an_exception_is_done(execute, machine, cpu, name, refused) -> None:
    """Two characters fit in front of the end of storage; the third is met when the instruction is executed again."""
    source, result = SIZES[name]
    size = result if refused == 4 else source
    cpu.gr[refused] = end = machine.memory - 2 * size
    before = bytes(2 * size)
    if refused == 6:
        prepare_strings(machine, cpu, name, (1, 5))
        cpu.gr[5] = 3 * source
    else:
        prepare_strings(machine, cpu, name, (1, 5, 9))
        assert machine.storage.read(end, len(before)) == before
    outcome = execute(f"b9{CODES[name]}0046 a714fffe")
    assert outcome.interruption is ProgramInterruptionCode.ADDRESSING
    assert cpu.gr[5] == source
    assert cpu.gr[refused] == machine.memory


@pytest.mark.parametrize("name", CODES)
def test_strings_need_a_pair_and_whole_characters(execute, cpu, name) -> None:
    assert execute(f"b9{CODES[name]}0056").interruption is ProgramInterruptionCode.SPECIFICATION
    cpu.instruction_address = 0x10000
    if SIZES[name][0] == 2:
        cpu.gr[5] = 3
        assert execute(f"b9{CODES[name]}0046").interruption is ProgramInterruptionCode.SPECIFICATION
