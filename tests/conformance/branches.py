# SPDX-License-Identifier: GPL-2.0-or-later
"""Branches: on conditions, counts and indexes, with linkage and with a change of the addressing mode."""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import BASIC_ADDRESSING
from tools.conform.architecture.case import Case, CaseSection
from tools.conform.architecture.instruction_row import InstructionRow

SOURCE = "PoP 7, Branch on Condition; Branch on Count; Branch on Index; Branch Relative ..."
CONDITION = "The branch is taken if the mask has the bit of the condition code; register 0 as the target is none."
COUNT = "One is subtracted from the count, of which the other half stays; the branch is taken unless that leaves zero."
INDEX = "The increment is added to the index, and the sum compared with the odd register at or behind the increment."
LINK_SOURCE = "PoP 7, Branch and Link; Branch and Save; Branch and Set Mode; Branch and Save and Set Mode"
LINK = "The link information is that of the next instruction; in the 64-bit mode it is an address and nothing else."
HINT_SOURCE = (
    "PoP 7, Branch Prediction Preload; Next Instruction Access Intent; Prefetch Data; Perform Processor Assist"
)
HINT = "It changes nothing that a program sees."
ABOVE = 0x1357_9BDF_0000_0000
MASK_32, MASK_64 = (1 << 32) - 1, (1 << 64) - 1
# What is behind the branch: one instruction, which is passed over if it is taken.
AROUND = "LGHI 6,1\ntaken: LGHI 5,2"


def branch(
    name: str, code: str, registers: dict[int, int | str], after: dict[int, int | str], *, is_taken: bool
) -> InstructionRow:
    """*code* branches to the label taken, or the address of that, which is in register 7."""
    before = {5: 0, 6: 0} | registers
    text = f"LARL 7,taken\n{code}\n{AROUND}"
    return InstructionRow(name, text, before, after | {5: 2, 6: int(not is_taken)})


def condition_rows() -> Iterator[InstructionRow]:
    """With condition code 2, as a row has whose instruction does not set it: the mask bit of that is 2."""
    for mnemonic, target in (("BC", "0(0,7)"), ("BCR", "7"), ("BRC", "taken"), ("BRCL", "taken")):
        for mask in (0b0010, 0b1111, 0b1101, 0):
            is_taken = bool(mask & 0b0010)
            yield branch(f"{mnemonic.lower()}-{mask}", f"{mnemonic} {mask},{target}", {}, {}, is_taken=is_taken)
    yield branch("bcr-register-0", "BCR 15,0", {0: 0x9001}, {}, is_taken=False)


def count_rows() -> Iterator[InstructionRow]:
    for mnemonic, target, shift, width in (
        ("BCT", "0(0,7)", 0, 32),
        ("BCTR", "7", 0, 32),
        ("BRCT", "taken", 0, 32),
        ("BCTG", "0(0,7)", 0, 64),
        ("BCTGR", "7", 0, 64),
        ("BRCTG", "taken", 0, 64),
        ("BRCTH", "taken", 32, 32),
    ):
        other = 0 if width == 64 else 0x7777_7777 << 32 - shift
        for count in (1, 2, 0):
            before, after = (other | (value & (1 << width) - 1) << shift for value in (count, count - 1))
            yield branch(
                f"{mnemonic.lower()}-{count}", f"{mnemonic} 3,{target}", {3: before}, {3: after}, is_taken=count != 1
            )
    for mnemonic, width in (("BCTR", 32), ("BCTGR", 64)):
        after = {3: (ABOVE if width == 32 else 0) | 4}
        registers: dict[int, int | str] = {3: (ABOVE if width == 32 else 0) | 5}
        yield branch(f"{mnemonic.lower()}-register-0", f"{mnemonic} 3,0", registers, after, is_taken=False)


def index_rows() -> Iterator[InstructionRow]:
    for mnemonic, target, width, is_high in (
        ("BXH", "0(7)", 32, True),
        ("BXLE", "0(7)", 32, False),
        ("BRXH", "taken", 32, True),
        ("BRXLE", "taken", 32, False),
        ("BXHG", "0(7)", 64, True),
        ("BXLEG", "0(7)", 64, False),
        ("BRXHG", "taken", 64, True),
        ("BRXLG", "taken", 64, False),
    ):
        above, mask = ABOVE if width == 32 else 0, (1 << width) - 1
        # Index, increment, and what it is compared with: an even register, with the next; an odd one, with itself.
        for name, index, increment, limit in (("less", 5, -7, 0), ("equal", 5, 7, 12), ("greater", 5, 7, -3)):
            total = index + increment
            registers: dict[int, int | str] = {
                3: above | index,
                10: above | increment & mask,
                11: above | limit & mask,
            }
            code = f"{mnemonic} 3,10,{target}"
            is_taken = (total > limit) is is_high
            yield branch(f"{mnemonic.lower()}-{name}", code, registers, {3: above | total & mask}, is_taken=is_taken)
        registers = {3: above | 9, 11: above | -4 & mask}
        code = f"{mnemonic} 3,11,{target}"
        yield branch(f"{mnemonic.lower()}-odd", code, registers, {3: above | 5}, is_taken=is_high)


def link_rows() -> Iterator[InstructionRow]:
    # Of these the next instruction is the one passed over, "code" and LARL with six bytes before them.
    for mnemonic, text, length in (
        ("BAS", "3,0(0,7)", 4),
        ("BASR", "3,7", 2),
        ("BRAS", "3,taken", 4),
        ("BRASL", "3,taken", 6),
        ("BAL", "3,0(0,7)", 4),
        ("BALR", "3,7", 2),
    ):
        after: dict[int, int | str] = {3: f"code+{6 + length}"}
        yield branch(f"{mnemonic.lower()}-64-bit", f"{mnemonic} {text}", {3: MASK_64}, after, is_taken=True)
    for mnemonic in ("BASR", "BALR", "BASSM"):
        # Register 0 as the target: nothing but the link.
        registers: dict[int, int | str] = {0: 0x9001, 3: MASK_64}
        after = {3: "code+9" if mnemonic == "BASSM" else "code+8"}
        yield branch(f"{mnemonic.lower()}-register-0", f"{mnemonic} 3,0", registers, after, is_taken=False)
    yield branch("bassm", "LA 8,1(7)\nBASSM 3,8", {3: MASK_64}, {3: "code+13"}, is_taken=True)
    # In the 64-bit mode BSM sets the last bit of the register, and leaves the rest.
    yield branch("bsm", "LA 8,1(7)\nBSM 3,8", {3: ABOVE}, {3: ABOVE | 1}, is_taken=True)
    yield branch("bsm-nothing", "BSM 0,0", {0: 0x9001}, {}, is_taken=False)


def mode_rows() -> Iterator[InstructionRow]:
    """In the other modes: the left half stays, and the link has what else belongs to the mode."""
    modes = (("31-bit", BASIC_ADDRESSING), ("24-bit", 0))
    for name, mode in modes:
        for mnemonic, length in (("BASR", 2), ("BRAS", 4), ("BALR", 2), ("BRASL", 6)):
            text = f"{mnemonic} 3,{'taken' if mnemonic.startswith('BR') else '7'}"
            link = 6 + length | (1 << 31 if mode else 0)
            if mnemonic == "BALR" and not mode:
                # Instruction-length code, condition code and program mask.
                link = 6 + length | 1 << 30 | 2 << 28 | 0b1010 << 24
            row = branch(f"{mnemonic.lower()}-{name}", text, {3: ABOVE | 5}, {3: f"code+{ABOVE + link}"}, is_taken=True)
            program_mask = 0b1010 << 40 if mnemonic == "BALR" else 0
            yield InstructionRow(row.name, row.code, row.registers, row.after, mask=mode | program_mask)
    for name, mode in modes:
        for target, text, width in (
            ("31-bit", "IILH 9,0x8000", 31),
            ("24-bit", "IILH 9,0", 24),
            ("64-bit", "LA 9,1(9)", 64),
        ):
            # The mode is seen by what LOAD ADDRESS makes of an address that is too long for it.
            code = f"LARL 9,taken\n{text}\nBSM 3,9\nLGHI 6,1\ntaken: LGHI 4,-1\nLA 4,0(4)"
            cut = MASK_64 if width == 64 else MASK_64 >> 32 << 32 | (1 << width) - 1
            registers = {3: ABOVE | 5, 6: 0}
            after = {3: ABOVE | (0x8000_0005 if mode else 5), 4: cut}
            yield InstructionRow(f"bsm-{name}-to-{target}", code, registers, after, mask=mode)


def hint_rows() -> Iterator[InstructionRow]:
    for name, code in (
        ("bpp", "BPP 1,*,0(4)"),
        ("bprp", "BPRP 1,*,*"),
        ("niai", "NIAI 1,2"),
        ("pfd", "PFD 1,0(0,4)"),
        ("pfd-release", "PFD 6,0(0,4)"),
        ("pfdrl", "PFDRL 2,code"),
        ("ppa", "PPA 4,0,1"),
    ):
        yield InstructionRow(name, code, {3: ABOVE, 4: "page1", 5: 7}, {}, None, {"page1": ABOVE})


def cases() -> Iterator[Case]:
    for rows, rule, source in (
        (condition_rows, CONDITION, SOURCE),
        (count_rows, COUNT, SOURCE),
        (index_rows, INDEX, SOURCE),
        (link_rows, LINK, LINK_SOURCE),
        (mode_rows, LINK, LINK_SOURCE),
        (hint_rows, HINT, HINT_SOURCE),
    ):
        yield from (row.case(rule, source) for row in rows())


SECTION = CaseSection("Branches", tuple(cases()))
