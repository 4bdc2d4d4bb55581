# SPDX-License-Identifier: GPL-2.0-or-later
"""Strings translated by tables, and bytes looked for with tables: TRANSLATE and its relatives."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value
from tools.conform.architecture.storage_area import area

SOURCE = "PoP 7, Translate; Translate and Test; Translate and Test Reverse; Translate Extended; Translate One to One"
LENGTH = 0x40
"""Of the areas in page1 and page2 in which the strings are; tables begin at page3."""
TABLE = 0x140
"""Bytes of it that the strings need."""
ABOVE = 0x1357_9BDF << 32
ONES = (1 << 64) - 1
TEXT = bytes([0x00, 0x41, 0x42, 0x10, 0xFF, 0x43, 0x41, 0x7F, 0x80, 0x44])
ALL_BYTES = bytes((3 * number + 7) % 256 for number in range(256))
"""A table in which each byte is there once."""
Rows = Iterator[tuple[InstructionRow, str]]


def again(instruction: str) -> str:
    """The instruction, executed until the condition code is not 3."""
    return f"again: {instruction}\nBRC 1,again"


def translate_rows() -> Rows:
    held = area("page1", LENGTH, {3: TEXT}) | area("page3", 256, {0: ALL_BYTES})
    stored = area("page1", LENGTH, {3: bytes(ALL_BYTES[each] for each in TEXT)})
    registers: dict[int, Value] = {4: "page1", 6: "page3"}
    row = InstructionRow("tr", f"TR 3({len(TEXT)},4),0(6)", registers, {}, None, held, dict(stored))
    yield row, "Each byte is replaced by that of the table which it says."
    rule = "cc 0 and all bytes replaced, or cc 1 at the test byte, which is not; what is left is in the registers."
    for name, stop, done, cc in (("all", 0x55, len(TEXT), 0), ("test-byte", 0x43, 5, 1), ("first", 0, 0, 1)):
        registers = {0: ABOVE | stop, 4: "page1+3", 5: len(TEXT), 6: "page3"}
        after: dict[int, Value] = {4: f"page1+{3 + done}", 5: len(TEXT) - done}
        replaced = bytes(ALL_BYTES[each] for each in TEXT[:done]) + TEXT[done:]
        stored = area("page1", LENGTH, {3: replaced})
        row = InstructionRow(f"tre-{name}", again("TRE 4,6"), registers, after, cc, held, dict(stored))
        yield row, rule


def function_table(found: dict[int, int], width: int = 1) -> dict[Value, int]:
    """A table of function codes of *width* bytes that are zero but for some bytes."""
    return area(
        "page3", 256 * width, {width * each: code.to_bytes(width, "big") for each, code in found.items()}, around=0
    )


def test_rows() -> Rows:
    """TRANSLATE AND TEST, from left to right and from right to left."""
    rule = "cc 0: only zeros; 1: the address and the function byte of the first that is none; 2: it was the last byte."
    last = len(TEXT) - 1
    for name, codes, left, right in (
        ("none", {0x45: 0x99}, None, None),
        ("inside", {0x42: 0x88, 0x43: 0x99}, 2, 5),
        ("ends", {0x00: 0x77, 0x44: 0x66}, 0, last),
        ("only-left", {0x00: 0x77}, 0, 0),
        ("only-right", {0x44: 0x66}, last, last),
    ):
        held = area("page1", LENGTH, {3: TEXT}) | function_table(codes)
        for mnemonic, at, end, first in (("TRT", left, last, 3), ("TRTR", right, 0, 3 + last)):
            registers: dict[int, Value] = {1: ONES, 2: ONES, 4: "page1", 6: "page3"}
            after: dict[int, Value] = {}
            cc = 0
            if at is not None:
                # Bits 0 to 55 of register 2 stay as they were.
                after, cc = {1: f"page1+{3 + at}", 2: ONES ^ 0xFF | codes[TEXT[at]]}, 2 if at == end else 1
            code = f"{mnemonic} {first}({len(TEXT)},4),0(6)"
            yield InstructionRow(f"{mnemonic.lower()}-{name}", code, registers, after, cc, held), rule


# Bits of the mask field: an argument of two bytes, a function code of two, and a limit to what is looked at.
TWO_BYTES, TWO_BYTE_CODES, LIMITED = 8, 4, 2


def extended_rows() -> Rows:
    """TRANSLATE AND TEST EXTENDED, with arguments and function codes of either width."""
    rule = "cc 1: the function code of the first argument that has one, and its address; 0: none has."
    for field, unit, width in (
        (0, 1, 1),
        (TWO_BYTES, 2, 1),
        (TWO_BYTE_CODES, 1, 2),
        (TWO_BYTES | TWO_BYTE_CODES, 2, 2),
    ):
        text = b"".join(each.to_bytes(unit, "big") for each in TEXT)
        code_found = 0x99 if width == 1 else 0x9988
        for name, codes, numbers in (
            ("none", {0x45: code_found}, (None, None)),
            ("found", {0x41: code_found}, (1, 6)),
        ):
            held = area("page1", LENGTH, {4: text}) | function_table(codes, width)
            for mnemonic, number, step in (("TRTE", numbers[0], 1), ("TRTRE", numbers[1], -1)):
                start = 4 if step == 1 else 4 + unit * (len(TEXT) - 1)
                # How many arguments are passed before, or all of them.
                passed = len(TEXT) if number is None else number if step == 1 else len(TEXT) - 1 - number
                registers: dict[int, Value] = {1: "page3", 4: f"page1+{start}", 5: len(text), 6: ONES}
                after: dict[int, Value] = {4: f"page1+{start + step * unit * passed}", 5: len(text) - unit * passed}
                after[6] = 0 if number is None else code_found
                yield (
                    InstructionRow(
                        f"{mnemonic.lower()}-{unit}-{width}-{name}",
                        again(f"{mnemonic} 4,6,{field}"),
                        registers,
                        after,
                        0 if number is None else 1,
                        held,
                    ),
                    rule,
                )
    # Two-byte arguments that the table of 256 function codes does not have.
    for mnemonic, start, step in (("TRTE", 4, 1), ("TRTRE", 10, -1)):
        text = bytes.fromhex("4141 0041 0141 4100") if step == 1 else bytes.fromhex("0041 4100 0041 4141")
        held = area("page1", LENGTH, {4: text}) | function_table({0x41: 0x99})
        registers = {1: "page3", 4: f"page1+{start}", 5: 8, 6: ONES}
        after = {4: f"page1+{start + 2 * step}", 5: 6, 6: 0x99}
        code = again(f"{mnemonic} 4,6,{TWO_BYTES | LIMITED}")
        row = InstructionRow(f"{mnemonic.lower()}-limited", code, registers, after, 1, held)
        yield row, "With the argument-character limit only arguments up to 255 are looked up."


def character_rows() -> Rows:
    """TRANSLATE ONE TO ONE, ONE TO TWO, TWO TO ONE and TWO TO TWO."""
    rule = "cc 0: all characters translated; 1: the test character was met, which a character is not translated to."
    small = bytes(each for each in TEXT if each < 0x80)
    for mnemonic, source, target in (("TROO", 1, 1), ("TROT", 1, 2), ("TRTO", 2, 1), ("TRTT", 2, 2)):

        def of(character: int, width: int = target) -> bytes:
            return (character * 5 + 0x0103 & (1 << 8 * width) - 1).to_bytes(width, "big")

        text = b"".join(each.to_bytes(source, "big") for each in small)
        table = b"".join(of(each) for each in range(0x80))
        held = area("page1", LENGTH, {3: bytes(LENGTH // 2)}) | area("page2", LENGTH, {6: text})
        held |= area("page3", TABLE, {0: table})
        for name, field, stop, done, cc in (
            # What is not in the table.
            ("all", 0, 0xFE, len(small), 0),
            ("test", 0, int.from_bytes(of(0x43), "big"), small.index(0x43), 1),
            ("no-test", 1, int.from_bytes(of(0x43), "big"), len(small), 0),
        ):
            registers: dict[int, Value] = {0: ABOVE | stop, 1: "page3", 4: "page1+3", 5: len(text), 6: "page2+6"}
            after: dict[int, Value] = {4: f"page1+{3 + done * target}", 5: len(text) - done * source}
            after[6] = f"page2+{6 + done * source}"
            result = b"".join(of(each) for each in small[:done])
            stored = area("page1", LENGTH, {3: result + bytes(LENGTH // 2 - len(result))})
            code = again(f"{mnemonic} 4,6,{field}")
            row = InstructionRow(f"{mnemonic.lower()}-{name}", code, registers, after, cc, held, dict(stored))
            yield row, rule


def all_rows() -> Rows:
    for rows in (translate_rows, test_rows, extended_rows, character_rows):
        yield from rows()


SECTION = CaseSection("Translated strings", tuple(each.case(rule, SOURCE) for each, rule in all_rows()))
