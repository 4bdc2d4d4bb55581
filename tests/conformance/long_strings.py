# SPDX-License-Identifier: GPL-2.0-or-later
"""Strings of any length: moved, compared, searched, added up; instructions that end early are executed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value
from tools.conform.architecture.storage_area import area

SOURCE = "PoP 7, General Instructions"
LENGTH = 0x80
"""Of the areas in page1 and page2 in which the strings are."""
ABOVE = 0x1357_9BDF_0000_0000
TEXT = bytes(range(0x41, 0x41 + 20))
LOWER, HIGHER = TEXT[:13] + b"\x01" + TEXT[14:], TEXT[:13] + b"\xf1" + TEXT[14:]
Rows = Iterator[tuple[InstructionRow, str]]


def again(instruction: str) -> str:
    """The instruction, executed until the condition code is not 3."""
    return f"again: {instruction}\nBRC 1,again"


def row(
    name: str,
    code: str,
    strings: tuple[bytes, bytes],
    registers: Mapping[int, Value],
    after: Mapping[int, Value],
    cc: int | None,
    moved: bytes | None = None,
) -> InstructionRow:
    """Strings at page1+3 and page2+6; *moved* is what the first becomes."""
    held = area("page1", LENGTH, {3: strings[0]}) | area("page2", LENGTH, {6: strings[1]})
    stored = {} if moved is None else dict(area("page1", LENGTH, {3: moved}))
    return InstructionRow(name, code, dict(registers), dict(after), cc, held, stored)


def compare_long_rows() -> Rows:
    rule = "cc 0 equal, 1 the first is low, 2 high; addresses and lengths say where the bytes are that differ. "
    rule += "The shorter string is padded."
    pad = 0x46
    padded = TEXT[:5] + bytes([pad]) * 4
    for name, first, second, done, cc in (
        ("equal", TEXT, TEXT, 20, 0),
        ("low", LOWER, TEXT, 13, 1),
        ("high", HIGHER, TEXT, 13, 2),
        ("first-padded", TEXT[:5], padded, 9, 0),
        ("second-padded", padded, TEXT[:5], 9, 0),
        ("padding-low", TEXT[:5], TEXT[:5] + b"FG", 6, 1),
        ("empty", b"", b"", 0, 0),
    ):
        at = min(done, len(first)), min(done, len(second))
        addresses: dict[int, Value] = {2: "page1+3", 4: "page2+6"}
        after: dict[int, Value] = {2: f"page1+{3 + at[0]}", 4: f"page2+{6 + at[1]}"}
        # The length has 24 bits, and the padding byte is to the left of that of the second operand.
        lengths: dict[int, Value] = {3: ABOVE | 0x77 << 24 | len(first), 5: ABOVE | pad << 24 | len(second)}
        rest = len(first) - at[0], len(second) - at[1]
        left: dict[int, Value] = {3: ABOVE | 0x77 << 24 | rest[0], 5: ABOVE | pad << 24 | rest[1]}
        yield row(f"clcl-{name}", "CLCL 2,4", (first, second), addresses | lengths, after | left, cc), rule
        lengths, left = {3: len(first), 5: len(second)}, {3: rest[0], 5: rest[1]}
        # The padding byte is the rightmost bits of an address.
        lengths[7] = 0x1_2300
        code = again(f"CLCLE 2,4,{pad}(7)")
        yield row(f"clcle-{name}", code, (first, second), addresses | lengths, after | left, cc), rule


def halves(text: bytes) -> bytes:
    """A character of two bytes for each of one."""
    return b"".join(bytes([each, 0x10]) for each in text)


def compare_unicode_rows() -> Rows:
    rule = "Characters of two bytes are compared; cc 0 equal, 1 the first is low, 2 high. The shorter string is padded."
    for name, first, second, done, cc in (
        ("equal", halves(TEXT), halves(TEXT), 40, 0),
        ("low", halves(LOWER), halves(TEXT), 26, 1),
        ("high", halves(HIGHER), halves(TEXT), 26, 2),
        ("padded", halves(TEXT[:5]), halves(TEXT[:5] + b"FFF"), 16, 0),
        ("padding-low", halves(TEXT[:5]), halves(TEXT[:5] + b"FG"), 12, 1),
    ):
        at = min(done, len(first)), min(done, len(second))
        registers: dict[int, Value] = {2: "page1+3", 3: len(first), 4: "page2+6", 5: len(second), 7: 0x4600}
        after: dict[int, Value] = {2: f"page1+{3 + at[0]}", 3: len(first) - at[0]}
        after |= {4: f"page2+{6 + at[1]}", 5: len(second) - at[1]}
        # The address of the padding character is a number of 20 bits, and a register.
        yield row(f"clclu-{name}", again("CLCLU 2,4,16(7)"), (first, second), registers, after, cc), rule


def move_long_rows() -> Rows:
    rule = "cc 0 if both are equally long, 1 if the first is shorter, 2 if longer: it is padded."
    for name, wanted, cc in (("same", 20, 0), ("shorter", 11, 1), ("longer", 29, 2), ("empty", 0, 1)):
        count = min(wanted, len(TEXT))
        moved = TEXT[:count] + b"\x40" * (wanted - count)
        old = bytes([0x55]) * 29
        addresses: dict[int, Value] = {2: "page1+3", 4: "page2+6"}
        after: dict[int, Value] = {2: f"page1+{3 + wanted}", 4: f"page2+{6 + count}"}
        lengths: dict[int, Value] = {3: ABOVE | 0x77 << 24 | wanted, 5: ABOVE | 0x40 << 24 | len(TEXT)}
        left: dict[int, Value] = {3: ABOVE | 0x77 << 24, 5: ABOVE | 0x40 << 24 | len(TEXT) - count}
        result = moved + old[wanted:]
        yield row(f"mvcl-{name}", "MVCL 2,4", (old, TEXT), addresses | lengths, after | left, cc, result), rule
        lengths, left = {3: wanted, 5: len(TEXT), 7: 0x1_2300}, {3: 0, 5: len(TEXT) - count}
        code = again("MVCLE 2,4,64(7)")
        yield row(f"mvcle-{name}", code, (old, TEXT), addresses | lengths, after | left, cc, result), rule
        # Two bytes at a time.
        twice, padded = halves(TEXT), halves(TEXT[:count]) + b"\x40\x10" * (wanted - count)
        lengths, left = {3: 2 * wanted, 5: len(twice), 7: 0x4000}, {3: 0, 5: len(twice) - 2 * count}
        after = {2: f"page1+{3 + 2 * wanted}", 4: f"page2+{6 + 2 * count}"}
        result = padded + (old + old)[2 * wanted :]
        code = again("MVCLU 2,4,16(7)")
        yield row(f"mvclu-{name}", code, (old + old, twice), addresses | lengths, after | left, cc, result), rule
    # The first operand begins inside the second.
    registers: dict[int, Value] = {2: "page1+5", 3: 8, 4: "page1+3", 5: 8}
    yield (
        row("mvcl-overlap", "MVCL 2,4", (TEXT, b""), registers, {}, 3),
        "Nothing is moved that would be a source after it was a destination: cc 3.",
    )


def string_rows() -> Rows:
    """Strings that end with a character: moved, compared, searched."""
    end, text = 0x5A, TEXT[:9] + b"\x5a" + b"tail"
    old = bytes([0x55]) * 16
    registers: dict[int, Value] = {0: end, 2: "page1+3", 4: "page2+6"}
    yield (
        row("mvst", again("MVST 2,4"), (old, text), registers, {2: "page1+12"}, 1, text[:10] + old[10:]),
        "Bytes are moved up to the ending character; cc 1, and its place in the first operand.",
    )
    rule = "cc 0 equal up to the ending character, 1 the first is low, 2 high, at the bytes that registers designate."
    for name, first, second, at, cc in (
        ("equal", text, text[:10] + b"other", 0, 0),
        ("low", text[:5] + b"\x01" + text[6:], text, 5, 1),
        ("high", text[:5] + b"\xf1" + text[6:], text, 5, 2),
        ("first-ends", text[:4] + b"\x5a", text[:4] + b"\x59", 4, 1),
        ("second-ends", text[:4] + b"\x59", text[:4] + b"\x5a", 4, 2),
    ):
        after: dict[int, Value] = {2: f"page1+{3 + at}", 4: f"page2+{6 + at}"}
        yield row(f"clst-{name}", again("CLST 2,4"), (first, second), registers, after, cc), rule
    rule = "cc 1 and its address if the character is found before the end, which the first operand says; else cc 2."
    for name, stop, cc in (("found", 14, 1), ("last", 10, 1), ("not-found", 9, 2), ("nothing", 0, 2)):
        registers = {0: ABOVE | end, 2: f"page2+{6 + stop}", 4: "page2+6"}
        after = {2: "page2+15"} if cc == 1 else {}
        yield row(f"srst-{name}", again("SRST 2,4"), (b"", text), registers, after, cc), rule
        registers = {0: ABOVE | end << 8 | 0x10, 2: f"page2+{6 + 2 * stop}", 4: "page2+6"}
        after = {2: f"page2+{6 + 18}"} if cc == 1 else {}
        # Two bytes that straddle characters do not count.
        straddling = halves(text)[:4] + b"\x01\x5a\x10\x01" + halves(text)[8:]
        yield row(f"srstu-{name}", again("SRSTU 2,4"), (b"", straddling), registers, after, cc), rule


def checksum_rows() -> Rows:
    rule = "Words are added to bits 32 to 63, with zeros behind the last bytes; each carry out is added on the right."
    for name, text, start in (
        ("words", bytes.fromhex("8000000190000002F0000003"), 5),
        ("one-more", TEXT[:9], 0xFFFF_FFF0),
        ("two-more", TEXT[:10], 0),
        ("three-more", TEXT[:11], 0xFFFF_FFFF),
        ("nothing", b"", 0x1234_5678),
    ):
        padded = text + bytes(-len(text) % 4)
        total = start + sum(int.from_bytes(padded[at : at + 4], "big") for at in range(0, len(padded), 4))
        while total >> 32:
            total = (total & 0xFFFF_FFFF) + (total >> 32)
        registers: dict[int, Value] = {2: ABOVE | start, 4: "page2+6", 5: len(text)}
        after: dict[int, Value] = {2: ABOVE | total, 4: f"page2+{6 + len(text)}", 5: 0}
        yield row(f"cksm-{name}", again("CKSM 2,4"), (b"", text), registers, after, 0), rule


def substring_rows() -> Rows:
    rule = (
        "Compared until so many bytes in a row are equal: cc 0, and where they begin; at the end of the longer string "
    )
    rule += "cc 1 and where equal ones begin if the last were equal, else 2. The shorter string is padded."
    for name, wanted, first, second, at, cc in (
        ("found", 3, b"abcdeXYZrest", b"1b2d3XYZREST", 5, 0),
        ("first-bytes", 1, b"abc", b"aXX", 0, 0),
        ("equal-at-end", 4, b"abcdeXYZ", b"12345XYZ", 5, 1),
        ("not-equal", 4, b"abcdXYZe", b"1234XYZ5", 8, 2),
        ("padded", 3, b"abcPPP", b"123", 3, 0),
        ("padded-too-few", 4, b"123", b"abcPPP", 3, 1),
    ):
        places = min(at, len(first)), min(at, len(second))
        registers: dict[int, Value] = {0: ABOVE | wanted, 1: ABOVE | ord("P")}
        registers |= {2: "page1+3", 3: len(first), 4: "page2+6", 5: len(second)}
        after: dict[int, Value] = {2: f"page1+{3 + places[0]}", 3: len(first) - places[0]}
        after |= {4: f"page2+{6 + places[1]}", 5: len(second) - places[1]}
        yield row(f"cuse-{name}", again("CUSE 2,4"), (first, second), registers, after, cc), rule


def all_rows() -> Rows:
    for rows in (
        compare_long_rows,
        compare_unicode_rows,
        move_long_rows,
        string_rows,
        checksum_rows,
        substring_rows,
    ):
        yield from rows()


SECTION = CaseSection("Long strings", tuple(each.case(rule, SOURCE) for each, rule in all_rows()))
