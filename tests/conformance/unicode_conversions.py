# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversions between UTF-8, UTF-16 and UTF-32: whole strings, no room, incomplete and invalid characters."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import CaseSection, Need, facility
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value
from tools.conform.architecture.storage_area import area

SOURCE = "PoP 7, Convert UTF-8 to UTF-16 and the other conversions"
LENGTH = 0x40
"""Of the areas in page1 and page2 in which the strings are."""
TEXT = "Ab\u0080\u00e9\u07ff\u0800\u20ac\ud7ff\ue000\uffff\U00010000\U00010348\U0010ffffz"
OLD = bytes([0x55]) * LENGTH
UTF_8, UTF_16, UTF_32 = "utf-8", "utf-16-be", "utf-32-be"
WELL_FORMED = 1
"""The rightmost bit of the mask field: all of a character is checked."""
CONVERSIONS = {
    "CU12": (UTF_8, UTF_16),
    "CU14": (UTF_8, UTF_32),
    "CU21": (UTF_16, UTF_8),
    "CU24": (UTF_16, UTF_32),
    "CU41": (UTF_32, UTF_8),
    "CU42": (UTF_32, UTF_16),
}
# What is no character behind one that is, and whether that is said without the check of well-formedness.
INVALID = {
    UTF_8: {
        "continuation": ("80", True),
        "too-great": ("f8888080", True),
        "not-continued": ("c341", False),
        "overlong": ("e08080", False),
        "surrogate": ("eda080", False),
        "beyond": ("f4908080", False),
    },
    UTF_16: {"unpaired": ("d8000041", False)},
    UTF_32: {"surrogate": ("0000d800", True), "beyond": ("00110000", True), "far-beyond": ("80000041", True)},
}
INCOMPLETE = {UTF_8: "e282", UTF_16: "d800", UTF_32: "000000"}
TWO, FOUR = (facility(30),), (facility(22), facility(30))
Rows = Iterator[tuple[InstructionRow, str]]


def row(
    name: str, mnemonic: str, field: int, source: bytes, room: int, done: int, result: bytes, cc: int
) -> InstructionRow:
    """The *result* of *done* bytes of the *source* in an operand of *room* bytes."""
    needs: tuple[Need, ...] = TWO if mnemonic in ("CU12", "CU21") else FOUR
    operands = "2,4" if mnemonic in ("CU41", "CU42") else f"2,4,{field}"
    registers: dict[int, Value] = {2: "page1+3", 3: room, 4: "page2+6", 5: len(source)}
    after: dict[int, Value] = {2: f"page1+{3 + len(result)}", 3: room - len(result)}
    after |= {4: f"page2+{6 + done}", 5: len(source) - done}
    held = area("page1", 2 * LENGTH, {3: OLD}) | area("page2", 2 * LENGTH, {6: source})
    stored = area("page1", 2 * LENGTH, {3: result + OLD[len(result) :]})
    code = f"again: {mnemonic} {operands}\nBRC 1,again"
    name = f"{mnemonic.lower()}-{name}"
    return InstructionRow(name, code, registers, after, cc, held, dict(stored), needs)


def converted_rows() -> Rows:
    for mnemonic, (ours, theirs) in CONVERSIONS.items():
        source, result = TEXT.encode(ours), TEXT.encode(theirs)
        yield row("all", mnemonic, 0, source, len(result), len(source), result, 0), "cc 0: all of it is converted."
        # One byte too few for the last but one character, which is among the longest.
        fits = TEXT[:-2]
        room = len(TEXT[:-1].encode(theirs)) - 1
        yield (
            row("no-room", mnemonic, 0, source, room, len(fits.encode(ours)), fits.encode(theirs), 1),
            "cc 1: there is no room for the next character, of which nothing is stored.",
        )
        incomplete = "Az".encode(ours) + bytes.fromhex(INCOMPLETE[ours])
        done, result = len("Az".encode(ours)), "Az".encode(theirs)
        yield (
            row("incomplete", mnemonic, WELL_FORMED, incomplete, 20, done, result, 0),
            "cc 0, and the bytes are left over, if the last character is not complete.",
        )
        for name, (octets, always) in INVALID[ours].items():
            source = "Az".encode(ours) + bytes.fromhex(octets) + "A".encode(ours)
            yield (
                row(f"{name}", mnemonic, 0 if always else WELL_FORMED, source, 20, done, result, 2),
                "cc 2: the next character is invalid; some are only with the check of well-formedness.",
            )


SECTION = CaseSection("Unicode conversions", tuple(each.case(rule, SOURCE) for each, rule in converted_rows()))
