# SPDX-License-Identifier: GPL-2.0-or-later
"""Forms of decimal numbers: binary, packed, zoned, ASCII, Unicode, and edited for people."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import Case, CaseSection, Need, facility
from tools.conform.architecture.decimal_data import MINUS, area, packed
from tools.conform.architecture.instruction_row import InstructionRow

TO_BINARY = "The packed number becomes a signed binary integer, and the condition code stays."
TO_DECIMAL = "The signed binary integer becomes a packed number with a preferred sign, and the condition code stays."
PACKING = "Digits and sign of the second operand are put together from right to left; none of them is tested."
UNPACKING = "Each digit gets a zone, and the sign stays beside the rightmost one; none of them is tested."
UNPACKING_SOURCE = "PoP 7, Unpack; Unpack ASCII; Unpack Unicode; PoP A"
CHARACTERS = "Each digit becomes a character; cc 0 for a plus sign, 1 for a minus sign, 3 for neither."
MOVING = "Of each byte only the numerics, or the zones, are moved; MOVE WITH OFFSET moves all but the last four bits."
EDITING = (
    "Digits take the places of digit selectors and significance starters; cc 0 for a last field of zero, 1 if it is "
    "less than zero, 2 if it is greater."
)
LONG_DISPLACEMENT, EXTENDED_TRANSLATION = (facility(18),), (facility(16),)
FIRST, SECOND = 3, 27
"""Where the operands are in their area."""
ABOVE = 0x1357_9BDF << 32
"""What stands in the left half of a register of which the right half is an operand."""
ONES = (1 << 64) - 1


def moved(
    name: str, code: str, operands: dict[int, bytes], result: bytes, cc: int | None = None, needs: tuple[Need, ...] = ()
) -> InstructionRow:
    """With *result* at the place of the first operand."""
    after = area({**operands, FIRST: result})
    return InstructionRow(name, code, {6: "page1"}, {}, cc, area(operands), after, needs)


def to_binary() -> Iterator[InstructionRow]:
    for mnemonic, width, length in (("CVB", 32, 8), ("CVBY", 32, 8), ("CVBG", 64, 16)):
        greatest = (1 << width - 1) - 1
        place, needs = f"{SECOND}(0,6)", ()
        if mnemonic == "CVBY":
            place, needs = f"{SECOND - 4096}(0,7)", LONG_DISPLACEMENT
        for name, value, sign in (
            ("appendix", 25_594, "C"),
            ("negative", -1, "B"),
            ("greatest", greatest, "F"),
            ("least", -greatest - 1, "D"),
            ("negative-zero", 0, "D"),
        ):
            storage = area({SECOND: packed(value, length, sign)})
            above = ABOVE if width == 32 else 0
            yield InstructionRow(
                f"{mnemonic.lower()}-{name}",
                f"{mnemonic} 3,{place}",
                {3: above | 0x7777_7777, 6: "page1", 7: "page1+4096"},
                {3: above | value & (1 << width) - 1},
                None,
                storage,
                needs=needs,
            )


def to_decimal() -> Iterator[InstructionRow]:
    for mnemonic, width, length in (("CVD", 32, 8), ("CVDY", 32, 8), ("CVDG", 64, 16)):
        place, needs = f"{FIRST}(0,6)", ()
        if mnemonic == "CVDY":
            place, needs = f"{FIRST - 4096}(0,7)", LONG_DISPLACEMENT
        for name, value in (
            ("appendix", 3_855),
            ("zero", 0),
            ("negative", -7),
            ("greatest", (1 << width - 1) - 1),
            ("least", -1 << width - 1),
        ):
            register = (ABOVE if width == 32 else 0) | value & (1 << width) - 1
            yield InstructionRow(
                f"{mnemonic.lower()}-{name}",
                f"{mnemonic} 3,{place}",
                {3: register, 6: "page1", 7: "page1+4096"},
                {},
                None,
                area({}),
                area({FIRST: packed(value, length)}),
                needs,
            )


def packs() -> Iterator[InstructionRow]:
    """Operands and results as hexadecimal digits."""
    for name, second, result in (
        ("appendix", "F1F2F3F4C5", "000012345C"),
        ("invalid", "FAFBCD", "0000ABDC"),
        ("shorter", "F1F2F3F4F5F6D7", "567D"),
        ("one-byte", "A5", "5A"),
    ):
        data, packed_data = bytes.fromhex(second), bytes.fromhex(result)
        code = f"PACK {FIRST}({len(packed_data)},6),{SECOND}({len(data)},6)"
        operands = {FIRST: bytes([0xEE] * len(packed_data)), SECOND: data}
        yield moved(f"pack-{name}", code, operands, packed_data)
    in_place = {FIRST: bytes.fromhex("F1F2F3F4C5")}
    yield moved("pack-in-place", f"PACK {FIRST}(5,6),{FIRST}(5,6)", in_place, bytes.fromhex("000012345C"))
    for mnemonic, step in (("PKA", 1), ("PKU", 2)):
        for name, digits in (("digits", "1234567"), ("most", "9" * 31), ("one", "5"), ("longest", "8" * 32)):
            # Only the right half of the rightmost byte of a character is looked at, and put where it belongs.
            data = b"".join((0x0530 + int(digit)).to_bytes(2, "big")[2 - step :] for digit in digits[:-1])
            data += b"\xab\xfe"[2 - step :]
            result = bytes.fromhex(f"{digits[:-1][-30:]:0>30}EC")
            code = f"{mnemonic} {FIRST}(6),{SECOND}({len(data)},6)"
            operands = {FIRST: bytes([0xEE] * 16), SECOND: data}
            yield moved(f"{mnemonic.lower()}-{name}", code, operands, result, None, EXTENDED_TRANSLATION)


def unpacks() -> Iterator[InstructionRow]:
    for name, second, result in (
        ("appendix", "12345D", "F1F2F3F4D5"),
        ("longer", "7F", "F0F0F0F7"),
        ("shorter", "12345678", "F5F687"),
        ("invalid", "ABCD", "F0FAFBDC"),
    ):
        data, unpacked = bytes.fromhex(second), bytes.fromhex(result)
        operands = {FIRST: bytes([0xEE] * len(unpacked)), SECOND: data}
        code = f"UNPK {FIRST}({len(unpacked)},6),{SECOND}({len(data)},6)"
        yield moved(f"unpk-{name}", code, operands, unpacked)
    # Byte by byte from right to left, so that results are taken for digits: a zone and what is beside it.
    given = {FIRST: bytes.fromhex("EEEE12345D")}
    yield moved("unpk-overlapping", f"UNPK {FIRST}(5,6),{FIRST + 2}(3,6)", given, bytes.fromhex("FFF3F3F4D5"))


def characters() -> Iterator[InstructionRow]:
    for mnemonic, step in (("UNPKA", 1), ("UNPKU", 2)):
        for name, digits, sign, count, cc in (
            ("plus", "1234", "C", 5, 0),
            ("plus-a", "7", "A", 1, 0),
            ("minus", "0", MINUS, 3, 1),
            ("minus-b", "123456789", "B", 4, 1),
            ("minus-longest", "9" + "1" * 30, MINUS, 32, 1),
            ("plus-f", "21", "F", 2, 0),
            ("no-sign", "31" * 15, "9", 11, 3),
        ):
            # The second operand has 16 bytes, whatever the length of the first is.
            shown = f"{digits:0>31}"[-count:]
            result = b"".join((0x30 + int(digit)).to_bytes(step, "big") for digit in shown)
            source = FIRST + len(result) + 2
            code = f"{mnemonic} {FIRST}({len(result)},6),{source}(6)"
            operands = {FIRST: bytes([0xEE] * len(result)), source: bytes.fromhex(f"{digits:0>31}{sign}")}
            yield moved(f"{mnemonic.lower()}-{name}", code, operands, result, cc, EXTENDED_TRANSLATION)


def parts() -> Iterator[InstructionRow]:
    first, second = bytes.fromhex("A1B2C3D4"), bytes.fromhex("5E6F7788")
    operands = {FIRST: first, SECOND: second}
    yield moved("mvn", f"MVN {FIRST}(4,6),{SECOND}(6)", operands, bytes.fromhex("AEBFC7D8"))
    yield moved("mvz", f"MVZ {FIRST}(4,6),{SECOND}(6)", operands, bytes.fromhex("51627384"))
    yield moved("mvn-one-byte", f"MVN {FIRST}(1,6),{SECOND}(6)", operands, bytes.fromhex("AEB2C3D4"))
    # Byte by byte from left to right: the zone of the first byte goes through all of them.
    overlapping = {FIRST: bytes.fromhex("51A2B3C4")}
    yield moved("mvz-overlapping", f"MVZ {FIRST + 1}(3,6),{FIRST}(6)", overlapping, bytes.fromhex("51525354"))
    given = {FIRST: bytes.fromhex("7788990C")}
    yield moved("mvo-overlapping", f"MVO {FIRST}(4,6),{FIRST}(3,6)", given, bytes.fromhex("0778899C"))
    for name, before, data, result in (
        ("appendix", "7788990C", "123456", "0123456C"),
        ("shorter", "55", "1234", "45"),
        ("longer", "EEEEEEEEEE", "9A", "00000009AE"),
    ):
        given = {FIRST: bytes.fromhex(before), SECOND: bytes.fromhex(data)}
        code = f"MVO {FIRST}({len(before) // 2},6),{SECOND}({len(data) // 2},6)"
        yield moved(f"mvo-{name}", code, given, bytes.fromhex(result))


# Patterns: 20 is a digit selector, 21 a significance starter, 22 a field separator; the first byte is the fill byte.
PATTERN = "4020206B2020214B202040C3D9"
"""PoP A, Edit: seven digits, a comma, a point, and a credit sign."""
EDITS = {
    # Pattern, source, result, cc, and where the first significant digit is that no starter has made so.
    "appendix": (PATTERN, "0257426C", "4040F26BF5F7F44BF2F6404040", 2, 2),
    "appendix-small": (PATTERN, "0000026D", "404040404040404BF2F640C3D9", 1, None),
    "zero": ("5C20214B2020", "00000C", "5C5C5C4BF0F0", 0, None),
    "first-digit": ("40202020", "123C", "40F1F2F3", 2, 1),
    "minus": ("402020", "45", "40F4F5", 1, 1),
    "nines": ("4020202020", "0999", "4040F9F9F9", 1, 2),
    "plus-a": ("4020202060", "123A", "40F1F2F340", 2, 1),
    "plus-e": ("4020202060", "009E", "404040F940", 2, 3),
    "plus-f": ("4021202060", "090F", "4040F9F040", 2, None),
    "minus-b": ("4020202060", "100B", "40F1F0F060", 1, 1),
    "two-fields": ("402020202220202060", "123C000D", "40F1F2F34040404040", 0, 1),
}


def edits() -> Iterator[InstructionRow]:
    for name, (pattern, source, result, cc, place) in EDITS.items():
        given = {FIRST: bytes.fromhex(pattern), SECOND: bytes.fromhex(source)}
        after = bytes.fromhex(result)
        yield moved(f"ed-{name}", f"ED {FIRST}({len(after)},6),{SECOND}(6)", given, after, cc)
        yield InstructionRow(
            f"edmk-{name}",
            f"EDMK {FIRST}({len(after)},6),{SECOND}(6)",
            {1: ONES, 6: "page1"},
            {} if place is None else {1: f"page1+{FIRST + place}"},
            cc,
            area(given),
            area({**given, FIRST: after}),
        )


def all_cases() -> Iterator[Case]:
    for rows, rule, source in (
        (to_binary(), TO_BINARY, "PoP 7, Convert to Binary; PoP A"),
        (to_decimal(), TO_DECIMAL, "PoP 7, Convert to Decimal; PoP A"),
        (packs(), PACKING, "PoP 7, Pack; Pack ASCII; Pack Unicode; PoP A"),
        (unpacks(), UNPACKING, UNPACKING_SOURCE),
        (characters(), CHARACTERS, UNPACKING_SOURCE),
        (parts(), MOVING, "PoP 7, Move Numerics; Move Zones; Move with Offset; PoP A"),
        (edits(), EDITING, "PoP 8, Edit; Edit and Mark; PoP A"),
    ):
        yield from (each.case(rule, source) for each in rows)


SECTION = CaseSection("Forms of decimal numbers", tuple(all_cases()))
