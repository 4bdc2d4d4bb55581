# SPDX-License-Identifier: GPL-2.0-or-later
"""What loads general registers: widths, signs, parts of a register, conditions, several registers at once."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.integers import integer_code

SOURCE = "PoP 7, Load and the instructions whose names begin with it; Insert Characters under Mask; Insert Immediate"
RULE = "The second operand, extended as the name says, takes the place of the first; the rest of the register stays."
TEST = (
    "So it does; the condition code says whether it is zero (0), less (1) or greater than zero (2), or overflows (3)."
)
ON_CONDITION = "The operand is loaded if the condition code is one that the mask names; otherwise nothing is changed."
SEVERAL = "Registers are loaded in the order of their numbers, with 0 behind 15."
OLD = 0x1357_9BDF_0246_8ACE
MASK_32, MASK_64 = (1 << 32) - 1, (1 << 64) - 1
# Mnemonic, operands, width of the second, whether its sign is extended, and how many bits of register 3 are replaced.
# Register 4 holds the second operand at its right end, and so does storage at 0(8); near is a relative place.
LOADS = (
    ("LR", "3,4", 32, False, 32),
    ("L", "3,4(0,8)", 32, False, 32),
    ("LY", "3,-4092(0,9)", 32, False, 32),
    ("LRL", "3,near+4", 32, False, 32),
    ("LHR", "3,4", 16, True, 32),
    ("LH", "3,6(0,8)", 16, True, 32),
    ("LHY", "3,-4090(0,9)", 16, True, 32),
    ("LHRL", "3,near+6", 16, True, 32),
    ("LHI", "3,{i}", 16, True, 32),
    ("LBR", "3,4", 8, True, 32),
    ("LB", "3,7(0,8)", 8, True, 32),
    ("LLCR", "3,4", 8, False, 32),
    ("LLC", "3,7(0,8)", 8, False, 32),
    ("LLHR", "3,4", 16, False, 32),
    ("LLH", "3,6(0,8)", 16, False, 32),
    ("LLHRL", "3,near+6", 16, False, 32),
    ("LAT", "3,4(0,8)", 32, False, 32),
    ("LGR", "3,4", 64, False, 64),
    ("LG", "3,0(0,8)", 64, False, 64),
    ("LGRL", "3,near", 64, False, 64),
    ("LGFR", "3,4", 32, True, 64),
    ("LGF", "3,4(0,8)", 32, True, 64),
    ("LGFRL", "3,near+4", 32, True, 64),
    ("LGFI", "3,{i}", 32, True, 64),
    ("LGHR", "3,4", 16, True, 64),
    ("LGH", "3,6(0,8)", 16, True, 64),
    ("LGHRL", "3,near+6", 16, True, 64),
    ("LGHI", "3,{i}", 16, True, 64),
    ("LGBR", "3,4", 8, True, 64),
    ("LGB", "3,7(0,8)", 8, True, 64),
    ("LLGFR", "3,4", 32, False, 64),
    ("LLGF", "3,4(0,8)", 32, False, 64),
    ("LLGFRL", "3,near+4", 32, False, 64),
    ("LLGFAT", "3,4(0,8)", 32, False, 64),
    ("LLGHR", "3,4", 16, False, 64),
    ("LLGH", "3,6(0,8)", 16, False, 64),
    ("LLGHRL", "3,near+6", 16, False, 64),
    ("LLGCR", "3,4", 8, False, 64),
    ("LLGC", "3,7(0,8)", 8, False, 64),
    ("LGAT", "3,0(0,8)", 64, False, 64),
)


def spread(value: int, width: int) -> int:
    """*value* at the right end of what else stands there."""
    return 0xECA8_6420_FDB9_7531 & -(1 << width) & MASK_64 | value & (1 << width) - 1


def shown(mnemonic: str, text: str, value: int, width: int) -> tuple[str, dict[int, int | str], dict[int | str, int]]:
    """The code, registers and storage with *value* as the second operand."""
    held = spread(value, width)
    code = f"{mnemonic} {text.format(i=value)}"
    if "near" in text:
        code = f"BRC 15,start\nDC X'00000000'\nnear: DC X'{held:016X}'\nstart: {code}"
    return code, {3: OLD, 4: held, 8: "page1", 9: "page1+4096"}, {"page1": held}


def loaded(value: int, replaced: int) -> dict[int, int]:
    return {3: OLD & -(1 << replaced) & MASK_64 | value & (1 << replaced) - 1}


def load_rows() -> Iterator[InstructionRow]:
    for mnemonic, text, width, is_signed, replaced in LOADS:
        for name, value in (("negative", -2), ("positive", (1 << width - 1) - 3)):
            code, registers, storage = shown(mnemonic, text, value, width)
            found = value if is_signed else value & (1 << width) - 1
            yield InstructionRow(f"{mnemonic.lower()}-{name}", code, registers, loaded(found, replaced), None, storage)


def other_rows() -> Iterator[InstructionRow]:
    word, bits_31 = 0x8765_4321, 0x0765_4321
    for mnemonic, text in (("LLGTR", "3,4"), ("LLGT", "3,4(0,8)"), ("LLGTAT", "3,4(0,8)")):
        code, registers, storage = shown(mnemonic, text, word, 32)
        yield InstructionRow(mnemonic.lower(), code, registers, {3: bits_31}, None, storage)
    for mnemonic, value, after in (
        ("LZRF", 0x1234_56FF, OLD >> 32 << 32 | 0x1234_5600),
        ("LLZRGF", 0x9234_56FF, 0x9234_5600),
    ):
        code, registers, storage = shown(mnemonic, "3,4(0,8)", value, 32)
        yield InstructionRow(mnemonic.lower(), code, registers, {3: after}, None, storage)
    code, registers, storage = shown("LZRG", "3,0(0,8)", 0x9234_5678_1234_56FF, 64)
    yield InstructionRow("lzrg", code, registers, {3: 0x9234_5678_1234_5600}, None, storage)
    for mnemonic, text, width, replaced in (
        ("LRVR", "3,4", 32, 32),
        ("LRV", "3,4(0,8)", 32, 32),
        ("LRVH", "3,6(0,8)", 16, 16),
        ("LRVGR", "3,4", 64, 64),
        ("LRVG", "3,0(0,8)", 64, 64),
    ):
        value = 0x0123_4567_89AB_CDEF & (1 << width) - 1
        code, registers, storage = shown(mnemonic, text, value, width)
        turned = int.from_bytes(value.to_bytes(width // 8, "big"), "little")
        yield InstructionRow(mnemonic.lower(), code, registers, loaded(turned, replaced), None, storage)
    # INSERT CHARACTER, and INSERT IMMEDIATE and LOAD LOGICAL IMMEDIATE for each part.
    for mnemonic, text in (("IC", "3,7(0,8)"), ("ICY", "3,-4089(0,9)")):
        code, registers, storage = shown(mnemonic, text, 0xA5, 8)
        yield InstructionRow(mnemonic.lower(), code, registers, loaded(0xA5, 8), None, storage)
    for part, (shift, width) in {
        "HH": (48, 16),
        "HL": (32, 16),
        "LH": (16, 16),
        "LL": (0, 16),
        "HF": (32, 32),
        "LF": (0, 32),
    }.items():
        value = 0x8421_9BDE & (1 << width) - 1
        inserted = OLD & ~((1 << width) - 1 << shift) | value << shift
        yield InstructionRow(f"ii{part.lower()}", f"II{part} 3,{value}", {3: OLD}, {3: inserted})
        yield InstructionRow(f"lli{part.lower()}", f"LLI{part} 3,{value}", {3: OLD}, {3: value << shift})
    yield InstructionRow("la", "LA 3,0xFFF(4,8)", {3: OLD, 4: 0x1234_5678_9000, 8: 0x10}, {3: 0x1234_5678_A00F})
    yield InstructionRow("lay", "LAY 3,-1(4,8)", {3: OLD, 4: 0x1234_5678_9000, 8: 0x10}, {3: 0x1234_5678_900F})
    yield InstructionRow("larl", "LARL 3,code+0x1000", {3: OLD}, {3: "code+4096"})


def mask_rows() -> Iterator[InstructionRow]:
    """INSERT CHARACTERS UNDER MASK: the code tells of what is inserted, and is 0 if nothing is."""
    for mnemonic, text, shift in (("ICM", "0(8)", 0), ("ICMY", "-4096(9)", 0), ("ICMH", "0(8)", 32)):
        for number, (mask, content, cc) in enumerate(
            ((0b1010, "8142", 1), (0b0101, "1242", 2), (0b1111, "00000000", 0), (0, "FFFF", 0))
        ):
            data = bytes.fromhex(content)
            found, old, taken = 0, OLD >> shift & MASK_32, iter(data)
            for place in range(4):
                byte = next(taken) if mask >> 3 - place & 1 else old >> 24 - 8 * place & 0xFF
                found = found << 8 | byte
            after = OLD & ~(MASK_32 << shift) | found << shift
            storage = {"page1": int.from_bytes(data.ljust(8, b"\x5a"), "big")}
            registers = {3: OLD, 8: "page1", 9: "page1+4096"}
            yield InstructionRow(
                f"{mnemonic.lower()}-{number}", f"{mnemonic} 3,{mask},{text}", registers, {3: after}, cc, storage
            )


def test_rows() -> Iterator[InstructionRow]:
    """LOAD AND TEST, LOAD POSITIVE, LOAD NEGATIVE, LOAD COMPLEMENT."""
    for mnemonic, text, width, replaced in (
        ("LTR", "3,4", 32, 32),
        ("LT", "3,4(0,8)", 32, 32),
        ("LTGR", "3,4", 64, 64),
        ("LTG", "3,0(0,8)", 64, 64),
        ("LTGFR", "3,4", 32, 64),
        ("LTGF", "3,4(0,8)", 32, 64),
    ):
        for value, cc in ((0, 0), (-7, 1), (7, 2)):
            code, registers, storage = shown(mnemonic, text, value, width)
            yield InstructionRow(f"{mnemonic.lower()}-cc{cc}", code, registers, loaded(value, replaced), cc, storage)
    for kind, change in (("P", abs), ("N", lambda value: -abs(value)), ("C", lambda value: -value)):
        for rest, width, replaced in (("R", 32, 32), ("GR", 64, 64), ("GFR", 32, 64)):
            for value in (0, -7, 7, -(1 << width - 1)):
                result = change(value)
                cc = integer_code(result, replaced)
                name = f"L{kind}{rest}"
                code, registers, _ = shown(name, "3,4", value, width)
                place = "zero" if value == 0 else "least" if value < -7 else "negative" if value < 0 else "positive"
                yield InstructionRow(f"{name.lower()}-{place}", code, registers, loaded(result, replaced), cc)


def condition_rows() -> Iterator[InstructionRow]:
    """With condition code 2, which a row has whose instruction does not set it: the mask bit of that is 2."""
    for mnemonic, text, width, replaced, shift in (
        ("LOCR", "3,4,{m}", 32, 32, 0),
        ("LOC", "3,4(8),{m}", 32, 32, 0),
        ("LOCGR", "3,4,{m}", 64, 64, 0),
        ("LOCG", "3,0(8),{m}", 64, 64, 0),
        ("LOCHI", "3,-2,{m}", 64, 32, 0),
        ("LOCGHI", "3,-2,{m}", 64, 64, 0),
        ("LOCHHI", "3,-2,{m}", 64, 32, 32),
        ("LOCFH", "3,4(8),{m}", 32, 32, 32),
    ):
        for mask, is_taken in ((0b0010, True), (0b1101, False)):
            _, registers, storage = shown(mnemonic, "", -2, width)
            found = OLD & ~((1 << replaced) - 1 << shift) | (-2 & (1 << replaced) - 1) << shift
            name = f"{mnemonic.lower()}-{'taken' if is_taken else 'not'}"
            code = f"{mnemonic} {text.format(m=mask)}"
            yield InstructionRow(name, code, registers, {3: found if is_taken else OLD}, None, storage)
    for mask, is_taken in ((0b0010, True), (0b1101, False)):
        registers = {3: OLD, 4: 0x8765_4321_0FED_CBA9}
        found = 0x8765_4321 << 32 | OLD & MASK_32 if is_taken else OLD
        name = f"locfhr-{'taken' if is_taken else 'not'}"
        yield InstructionRow(name, f"LOCFHR 3,4,{mask}", registers, {3: found})


def several_rows() -> Iterator[InstructionRow]:
    """Registers 14, 15, 0 and 1 from storage; register 1 is the base until all are fetched."""
    words = (0x1111_2222, 0x3333_4444, 0x5555_6666, 0x7777_8888)
    storage: dict[int | str, int] = {"page1": words[0] << 32 | words[1], "page1+8": words[2] << 32 | words[3]}
    old = 0xAAAA_BBBB_0000_0000
    for mnemonic, text, shift in (("LM", "14,1,0(8)", 0), ("LMY", "14,1,-4096(9)", 0), ("LMH", "14,1,0(8)", 32)):
        registers = {14: old, 15: old, 0: old, 1: old, 8: "page1", 9: "page1+4096"}
        after = {
            each: old & ~(MASK_32 << shift) | word << shift for each, word in zip((14, 15, 0, 1), words, strict=True)
        }
        yield InstructionRow(mnemonic.lower(), f"{mnemonic} {text}", registers, after, None, storage)
    doublewords = {f"page1+{8 * number}": 0x0101_0101_0101_0101 * (number + 1) for number in range(3)}
    after = {15: doublewords["page1+0"], 0: doublewords["page1+8"], 1: doublewords["page1+16"]}
    yield InstructionRow("lmg", "LMG 15,1,0(1)", {15: 0, 0: 0, 1: "page1"}, after, None, doublewords)
    yield InstructionRow(
        "lmd",
        "LMD 4,5,0(8),0(9)",
        {4: 0, 5: 0, 8: "page1", 9: "page2"},
        {4: words[0] << 32 | 0x9999_AAAA, 5: words[1] << 32 | 0xBBBB_CCCC},
        None,
        {"page1": words[0] << 32 | words[1], "page2": 0x9999_AAAA_BBBB_CCCC},
    )


CASES = (
    *(row.case(RULE, SOURCE) for rows in (load_rows, other_rows) for row in rows()),
    *(row.case(TEST, SOURCE) for rows in (mask_rows, test_rows) for row in rows()),
    *(row.case(ON_CONDITION, "PoP 7, Load on Condition") for row in condition_rows()),
    *(row.case(SEVERAL, "PoP 7, Load Multiple; Load Multiple Disjoint") for row in several_rows()),
)
SECTION = CaseSection("Loading general registers", CASES)
