# SPDX-License-Identifier: GPL-2.0-or-later
"""What stores general registers and immediate operands, and moves storage: widths, parts, conditions, the order."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow

SOURCE = "PoP 7, Store and the instructions whose names begin with it; Move"
RULE = "The rightmost bits of the register, or those that the name says, are stored; what is around them stays."
MOVE = "The second operand, or the immediate one extended to the width, takes the place of the first, byte by byte."
ON_CONDITION = "The register is stored if the condition code is one that the mask names; otherwise nothing is changed."
REGISTER, OLD = 0x8123_4567_89AB_CDEF, 0x1F2E_3D4C_5B6A_7988
MASK_32 = (1 << 32) - 1
# Mnemonic, operands, first byte and number of bytes stored in the doubleword at 0(8), and from where in the register.
STORES = (
    ("ST", "3,2(0,8)", 2, 4, 0),
    ("STY", "3,-4094(0,9)", 2, 4, 0),
    ("STG", "3,0(0,8)", 0, 8, 0),
    ("STC", "3,5(0,8)", 5, 1, 0),
    ("STCY", "3,-4091(0,9)", 5, 1, 0),
    ("STH", "3,3(0,8)", 3, 2, 0),
    ("STHY", "3,-4093(0,9)", 3, 2, 0),
    ("STRL", "3,page1+4", 4, 4, 0),
    ("STGRL", "3,page1", 0, 8, 0),
    ("STHRL", "3,page1+2", 2, 2, 0),
    ("STCH", "3,5(0,8)", 5, 1, 32),
    ("STHH", "3,3(0,8)", 3, 2, 32),
    ("STFH", "3,2(0,8)", 2, 4, 32),
    ("MVI", "5(8),{i}", 5, 1, 0),
    ("MVIY", "-4091(9),{i}", 5, 1, 0),
)
BASES: dict[int, int | str] = {8: "page1", 9: "page1+4096"}


def with_bytes(first: int, data: bytes) -> int:
    """The old doubleword with *data* from its byte *first* on."""
    held = bytearray(OLD.to_bytes(8, "big"))
    held[first : first + len(data)] = data
    return int.from_bytes(held, "big")


def stored(name: str, code: str, first: int, data: bytes, registers: dict[int, int]) -> InstructionRow:
    left = with_bytes(first, data)
    return InstructionRow(name, code, BASES | registers, {}, None, {"page1": OLD}, {"page1": left})


def store_rows() -> Iterator[InstructionRow]:
    for mnemonic, text, first, count, shift in STORES:
        data = (REGISTER >> shift & (1 << 8 * count) - 1).to_bytes(count, "big")
        code = f"{mnemonic} {text.format(i=REGISTER & 0xFF)}"
        yield stored(mnemonic.lower(), code, first, data, {3: REGISTER})
    for mnemonic, count in (("STRV", 4), ("STRVG", 8), ("STRVH", 2)):
        data = REGISTER.to_bytes(8, "little")[:count]
        yield stored(mnemonic.lower(), f"{mnemonic} 3,0(0,8)", 0, data, {3: REGISTER})
    for mnemonic, text, shift in (("STCM", "2(8)", 0), ("STCMY", "-4094(9)", 0), ("STCMH", "2(8)", 32)):
        word = (REGISTER >> shift & MASK_32).to_bytes(4, "big")
        for mask in (0b1010, 0b0111, 0b1111, 0):
            data = bytes(byte for place, byte in enumerate(word) if mask >> 3 - place & 1)
            yield stored(f"{mnemonic.lower()}-{mask}", f"{mnemonic} 3,{mask},{text}", 2, data, {3: REGISTER})


def all_rows() -> Iterator[InstructionRow]:
    """All registers but the base."""
    registers = {number % 16: 0x1111_1111 * (number % 16) << 32 | number for number in range(9, 24)}
    words = [value >> 32 for value in registers.values()] + [0]
    left: dict[int | str, int | tuple[int, int]] = {
        f"page1+{4 * place}": words[place] << 32 | words[place + 1] for place in range(0, len(words), 2)
    }
    yield InstructionRow("stmh-all", "STMH 9,7,0(8)", registers | {8: "page1"}, {}, None, dict.fromkeys(left, 0), left)


def several_rows() -> Iterator[InstructionRow]:
    """Registers 14, 15, 0 and 1 are stored in this order."""
    registers = {14: 0x1111_2222_3333_4444, 15: 0x5555_6666_7777_8888, 0: 0x99, 1: 0xAAAA_0000_BBBB_0000}
    for mnemonic, text, shift in (("STM", "14,1,0(8)", 0), ("STMY", "14,1,-4096(9)", 0), ("STMH", "14,1,0(8)", 32)):
        words = [value >> shift & MASK_32 for value in registers.values()]
        yield InstructionRow(
            mnemonic.lower(),
            f"{mnemonic} {text}",
            BASES | registers,
            {},
            None,
            {"page1+16": OLD},
            {"page1": words[0] << 32 | words[1], "page1+8": words[2] << 32 | words[3]},
        )
    left = {f"page1+{8 * number}": value for number, value in enumerate(registers.values())}
    yield InstructionRow("stmg", "STMG 14,1,0(8)", BASES | registers, {}, None, {"page1+32": OLD}, left)


def move_rows() -> Iterator[InstructionRow]:
    for mnemonic, count in (("MVHHI", 2), ("MVHI", 4), ("MVGHI", 8)):
        for name, value in (("negative", -2), ("positive", 0x1234)):
            data = (value & (1 << 8 * count) - 1).to_bytes(count, "big")
            yield stored(f"{mnemonic.lower()}-{name}", f"{mnemonic} 0(8),{value}", 0, data, {})
    # Operands that overlap are moved as if byte by byte, from the left.
    for name, code, after in (
        ("apart", "MVC 1(5,8),8(8)", with_bytes(1, bytes.fromhex("0102030405"))),
        ("to-the-left", "MVC 0(6,8),1(8)", with_bytes(0, OLD.to_bytes(8, "big")[1:7])),
        ("to-the-right", "MVC 1(7,8),0(8)", 0x1F1F_1F1F_1F1F_1F1F),
    ):
        storage = {"page1": OLD, "page1+8": 0x0102_0304_0506_0708}
        yield InstructionRow(f"mvc-{name}", code, BASES, {}, None, storage, {"page1": after})
    turned = with_bytes(1, bytes.fromhex("0504030201"))
    storage = {"page1": OLD, "page1+8": 0x0102_0304_0506_0708}
    yield InstructionRow("mvcin", "MVCIN 1(5,8),12(8)", BASES, {}, None, storage, {"page1": turned})


def condition_rows() -> Iterator[InstructionRow]:
    """With condition code 2, as a row has whose instruction does not set it: the mask bit of that is 2."""
    for mnemonic, first, count, shift in (("STOC", 2, 4, 0), ("STOCG", 0, 8, 0), ("STOCFH", 2, 4, 32)):
        for mask, is_taken in ((0b0010, True), (0b1101, False)):
            data = (REGISTER >> shift & (1 << 8 * count) - 1).to_bytes(count, "big") if is_taken else b""
            name = f"{mnemonic.lower()}-{'taken' if is_taken else 'not'}"
            yield stored(name, f"{mnemonic} 3,{first}(8),{mask}", first, data, {3: REGISTER})


CASES = (
    *(row.case(RULE, SOURCE) for rows in (store_rows, all_rows, several_rows) for row in rows()),
    *(row.case(MOVE, SOURCE) for row in move_rows()),
    *(row.case(ON_CONDITION, "PoP 7, Store on Condition") for row in condition_rows()),
)
SECTION = CaseSection("Storing and moving", CASES)
