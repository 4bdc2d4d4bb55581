# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPRESSION CALL with small dictionaries, COMPARE AND FORM CODEWORD, and UPDATE TREE."""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import BASIC_ADDRESSING
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.compression import SOURCE, compression_row, expansion_row
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value
from tools.conform.architecture.storage_area import area

SORTING = "PoP 7, Compare and Form Codeword; Update Tree"
ONES = (1 << 64) - 1
ABOVE = 0x1357_9BDF << 32
Rows = Iterator[tuple[InstructionRow, str, str]]

# A has one child, B, whose symbol is 100 hex and has none.
COMPRESSION: dict[Value, int] = {"page3+520": 0x2001_0042_0000_0000}
# The characters themselves; AB; and xyz behind what 100 hex stands for, at an offset of two.
EXPANSION: dict[Value, int] = {f"page3+{8 * each}": 0x0100 << 48 | each << 48 for each in b"ABCD"} | {
    "page3+2048": 0x0241_4200_0000_0000,
    "page3+2056": 0x6100_7879_7A00_0002,
}


def compression_rows() -> Rows:
    rule = "The longest string of characters that the dictionary has becomes an index symbol; cc 0 at the end of the "
    rule += "second operand, 1 if there is no room in the first."
    plain = b"ABCDABAA"
    for name, dictionary, start, text, symbols, room, cc in (
        ("characters", {}, 0, plain, list(plain), 12, 0),
        ("no-room", {}, 0, plain + b"D", list(plain), 9, 1),
        ("children", COMPRESSION, 0, b"ABCABAACABABB", [0x100, 0x43, 0x100, 0x41, 0x41, 0x43, 0x100, 0x100], 9, 1),
        ("at-bit-3", {}, 3, plain, list(plain), 12, 0),
    ):
        # Without room the last character is left over.
        row = compression_row(f"cmpsc-{name}", text, symbols, dictionary, start=start, room=room, cc=cc, left=cc)
        yield row, rule, SOURCE


def expansion_rows() -> Rows:
    rule = (
        "Each index symbol becomes its characters; cc 0 at the end of the second operand, 1 without room in the first."
    )
    symbols = [0x41, 0x100, 0x101, 0x44, 0x42, 0x101, 0x43, 0x41]
    strings = {0x100: b"AB", 0x101: b"ABxyz"}
    for name, room, fits, start in (("all", 30, 8, 0), ("at-bit-3", 30, 8, 3), ("no-room", 13, 5, 0)):
        expanded = [strings.get(each, bytes((each % 256,))) for each in symbols[:fits]]
        yield (
            expansion_row(f"cmpsc-expand-{name}", symbols, expanded, EXPANSION, start=start, room=room),
            rule,
            SOURCE,
        )


FIRST, LOW, HIGH = bytes.fromhex("112233445566 778899AABBCC 000000000001"), 0x778899AABBCB, 0x778899AABBCD


def codeword_rows() -> Rows:
    rule = (
        "Units of six bytes are compared from the index on: cc 0 equal, 1 in order, 2 not, and exchanged. The codeword "
    )
    rule += "is the index behind it, and the higher unit inverted, or the lower one in a descending sort."
    middle = int.from_bytes(FIRST[6:12], "big")
    inverse = (1 << 48) - 1
    for name, other, descending, start, codeword, cc in (
        ("ascending-low", HIGH, 0, 0, 12 << 48 | HIGH ^ inverse, 1),
        ("ascending-high", LOW, 0, 0, 12 << 48 | middle ^ inverse, 2),
        ("descending-low", HIGH, 1, 6, 12 << 48 | middle, 2),
        ("descending-high", LOW, 1, 6, 12 << 48 | LOW, 1),
        ("equal", middle, 0, 0, None, 0),
        ("limit", HIGH, 0, 12, None, 0),
    ):
        second = FIRST[:6] + other.to_bytes(6, "big") + FIRST[12:]
        held = area("page1", 0x20, {8: FIRST}) | area("page2", 0x20, {10: second})
        registers: dict[int, Value] = {1: "page1+8", 2: ABOVE | start, 3: "page2+10", 6: 12 + descending}
        after: dict[int, Value] = {1: "page2+10", 3: "page1+8"} if cc == 2 else {}
        # The address of register 3 with its leftmost bit one: pages begin below 2 to the power of 31.
        after[2] = EQUAL_CODEWORD if codeword is None else codeword
        yield InstructionRow(f"cfc-{name}", "CFC 0(6)", registers, after, cc, held), rule, SORTING
    held = area("page1", 0x20, {8: FIRST}) | area("page2", 0x20, {10: FIRST[:4] + b"\x55\x67" + FIRST[6:]})
    registers = {1: "page1+8", 2: ABOVE, 3: "page2+10", 6: 12}
    after = {2: ABOVE | 6 << 16 | 0x5567 ^ 0xFFFF}
    row = InstructionRow("cfc-31-bit", "CFC 0(6)", registers, after, 1, held, mask=BASIC_ADDRESSING)
    yield row, "In the 31-bit mode a unit has two bytes.", SORTING


EQUAL_CODEWORD = 1 << 63 | 0x4100A
"""The address page2+10 with bit 0 one."""


def tree_rows() -> Rows:
    """From index 40 hex up: nodes 20 hex and 10 hex, the root."""
    rule = (
        "Nodes with a higher codeword are exchanged with registers 0 and 1 up to the root: cc 1; cc 0 at an equal one, "
    )
    rule += "which is loaded; cc 3 with a negative codeword."
    negative = 1 << 63 | 4
    for name, nodes, after, left, cc in (
        ("root", ((9, 0xAA), (3, 0xBB)), {0: 9, 1: 0xAA, 5: 0}, ((5, 0x55), (3, 0xBB)), 1),
        ("both", ((9, 0xAA), (7, 0xBB)), {0: 9, 1: 0xAA, 5: 0}, ((7, 0xBB), (5, 0x55)), 1),
        ("neither", ((2, 0xAA), (3, 0xBB)), {5: 0}, ((2, 0xAA), (3, 0xBB)), 1),
        ("equal", ((9, 0xAA), (5, 0xBB)), {2: 5, 3: 0xBB, 5: 0x20}, ((9, 0xAA), (5, 0xBB)), 0),
        ("equal-root", ((7, 0xAA), (7, 0xBB)), {0: 7, 1: 0xBB, 2: 7, 3: 0xAA, 5: 0x10}, ((7, 0xAA), (5, 0x55)), 0),
        (
            "negative",
            ((9, 0xAA), (negative, 0xBB)),
            {0: negative, 1: 0xBB, 5: 0x10},
            ((9, 0xAA), (5, 0x55)),
            3,
        ),
    ):
        registers: dict[int, Value] = {0: 5, 1: 0x55, 2: ONES, 3: ONES, 4: "page1", 5: 0x40}
        yield InstructionRow(f"upt-{name}", "UPT", registers, after, cc, tree(nodes), dict(tree(left))), rule, SORTING


def tree(nodes: tuple[tuple[int, int], ...]) -> dict[Value, int]:
    """The storage of the root and the node below it, and of one that is not looked at."""
    (root, of_root), (below, of_below) = nodes
    return {
        "page1": 0x1234,
        "page1+8": 0x5678,
        "page1+16": root,
        "page1+24": of_root,
        "page1+32": below,
        "page1+40": of_below,
        "page1+48": ONES,
        "page1+56": ONES,
    }


def all_rows() -> Rows:
    for rows in (compression_rows, expansion_rows, codeword_rows, tree_rows):
        yield from rows()


SECTION = CaseSection("Compression and sorting", tuple(each.case(rule, source) for each, rule, source in all_rows()))
