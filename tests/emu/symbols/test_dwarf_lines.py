# SPDX-License-Identifier: GPL-2.0-or-later
"""Source lines as a compiler has noted them."""

from __future__ import annotations

import random

from emu.symbols.dwarf_lines import DwarfLines
from emu.symbols.elf_symbols import parse_elf_symbols


def test_the_lines_of_a_function_are_found(with_lines: bytes) -> None:
    lines = DwarfLines(with_lines, "program.elf")
    file = parse_elf_symbols(with_lines, "program.elf")
    assert file is not None
    (twice,) = file.by_name["twice"]
    found = {lines.at(address) for address in range(twice.address, twice.address + twice.size, 2)}
    numbers = {line.line for line in found if line is not None}
    assert 4 in numbers
    assert numbers <= {0, 3, 4, 5}
    assert all(line is not None and line.file.endswith("deep.c") for line in found)


def test_the_code_of_a_line_is_found(with_lines: bytes) -> None:
    lines = DwarfLines(with_lines, "program.elf")
    addresses = lines.addresses("deep.c", 9)
    assert addresses
    assert all(lines.at(address) == (lines.at(addresses[0]) or (None,))[:1] + (9,) for address in addresses)
    assert lines.addresses("eep.c", 9) == []
    assert lines.addresses("other.c", 9) == []
    assert lines.addresses("deep.c", 99) == []


def test_there_is_no_line_outside_of_the_program(with_lines: bytes) -> None:
    lines = DwarfLines(with_lines, "program.elf")
    assert lines.at(0) is None
    assert lines.at(0x7FFF_FFFF_0000) is None


def test_damaged_tables_have_no_lines_or_others(with_lines: bytes) -> None:
    generator = random.Random(14)
    for _ in range(60):
        image = bytearray(with_lines)
        for _ in range(20):
            image[generator.randrange(64, len(image))] = generator.randrange(256)
        lines = DwarfLines(bytes(image), "program.elf")
        lines.at(0x100_0000)
        lines.addresses("deep.c", 9)
