# SPDX-License-Identifier: GPL-2.0-or-later
"""Symbol tables of ELF files."""

from __future__ import annotations

import random
import re
import struct

import pytest

from emu.errors import SymbolFileError
from emu.symbols.elf_symbols import parse_elf_symbols
from guest_kernel.native.build import image_path
from tests.support.elf import ending_program

IMAGE = image_path("hello").read_bytes()


def test_functions_and_data_are_there_with_their_sizes() -> None:
    file = parse_elf_symbols(IMAGE, "hello.elf")
    assert file is not None
    assert not file.is_kernel
    assert file.lines is None
    (symbol,) = file.by_name["print"]
    assert symbol == (0x121E0, "print", 80, True, False, "")
    assert str(file.nearest(0x121E0 + 79)) == "print+0x4f"
    assert str(file.nearest(0x121E0 + 80)) != "print+0x50"
    (data,) = file.by_name["console_last_parameter"]
    assert not data.is_code


def test_a_label_of_assembler_reaches_to_the_next() -> None:
    file = parse_elf_symbols(IMAGE, "hello.elf")
    assert file is not None
    (label,) = file.by_name["enter_attempt"]
    (following,) = file.by_name["leave_attempt"]
    assert label.size == following.address - label.address == 0x16
    assert label.is_code


def test_a_label_of_data_names_its_address_alone() -> None:
    file = parse_elf_symbols(IMAGE, "hello.elf")
    assert file is not None
    (label,) = file.by_name["stack_end"]
    assert (label.size, label.is_code) == (0, False)
    assert str(file.nearest(label.address)) == "stack_end"
    assert file.nearest(label.address + 8) is None


def test_source_lines_come_with_it(with_lines: bytes) -> None:
    file = parse_elf_symbols(with_lines, "program.elf")
    assert file is not None
    assert file.lines is not None
    (begin,) = file.by_name["begin"]
    line = file.lines.at(begin.address)
    assert line is not None
    assert str(line).endswith(("deep.c:8", "deep.c:9", "deep.c:7"))
    (twice,) = file.by_name["twice"]
    assert twice.is_local


def test_a_program_without_symbols() -> None:
    image = ending_program(b"").to_bytes()
    assert parse_elf_symbols(image, "a.elf", is_required=False) is None
    with pytest.raises(SymbolFileError, match=r"a\.elf: there is no symbol table in it"):
        parse_elf_symbols(image, "a.elf")


def test_another_machine_is_refused() -> None:
    image = ending_program(b"").changed(machine=62).to_bytes()
    with pytest.raises(SymbolFileError, match="for s390x, not EM_X86_64"):
        parse_elf_symbols(image, "a.elf")


def complaint(image: bytes) -> str:
    """What is said of *image*; empty if nothing is."""
    try:
        parse_elf_symbols(image, "a.elf")
    except SymbolFileError as reason:
        return str(reason)
    return ""


@pytest.mark.parametrize("length", (4, 16, 63, 64, 200, len(IMAGE) // 2, len(IMAGE) - 8))
def test_a_truncated_file_is_refused(length: int) -> None:
    assert re.fullmatch(r"a\.elf: .+", complaint(IMAGE[:length]))


def test_damage_is_one_line() -> None:
    generator = random.Random(14)
    (sections,) = struct.unpack_from(">Q", IMAGE, 40)
    refused = 0
    for _ in range(200):
        image = bytearray(IMAGE)
        for _ in range(4):
            image[generator.randrange(sections, len(image))] = generator.randrange(256)
        said = complaint(bytes(image))
        refused += bool(said)
        assert re.fullmatch(r"(a\.elf: .+)?", said)
    assert refused
