# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage that is compared and changed, or fetched, at once: swaps, operations on it, pairs, locked operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emu.bits import signed
from tools.conform.architecture.case import CaseSection, Masked, facility
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.integers import integer_code
from tools.conform.architecture.source import Value

SOURCE = "PoP 7, Compare and Swap; Compare Double and Swap; Load and Add; Load Pair Disjoint; Perform Locked Operation"
ONES = (1 << 64) - 1
ABOVE, BESIDE = 0x1357_9BDF, 0xECA8_6420
"""What stands in the other half of a register, and of a doubleword of storage, that holds a word."""
HELD, OTHER, NEW, SECOND = 0x8123_4567_89AB_CDEF, 0x8123_4567_89AB_CDEE, 0x0F1E_2D3C_4B5A_6978, 0x7172_7374_F5F6_F7F8
Rows = Iterator[tuple[InstructionRow, str]]


def in_register(value: int, width: int) -> int:
    return value & ONES if width == 64 else ABOVE << 32 | value & 0xFFFF_FFFF


def in_storage(value: int, width: int) -> int:
    """A word stands in the right half."""
    return value & ONES if width == 64 else BESIDE << 32 | value & 0xFFFF_FFFF


def swap_rows() -> Rows:
    rule = "If the first operand equals what is in storage the third is stored, and cc is 0; else it is loaded, cc 1."
    for mnemonic, width, code in (
        ("CS", 32, "CS 3,5,4(6)"),
        ("CSY", 32, "CSY 3,5,-4092(7)"),
        ("CSG", 64, "CSG 3,5,0(6)"),
    ):
        for cc, first in ((0, HELD), (1, OTHER)):
            registers: dict[int, Value] = {3: in_register(first, width), 5: in_register(NEW, width)}
            registers |= {6: "page1", 7: "page1+4096"}
            held: dict[Value, int] = {"page1": in_storage(HELD, width)}
            stored: dict[Value, Masked] = {} if cc else {"page1": in_storage(NEW, width)}
            after: dict[int, Masked] = {3: in_register(HELD, width)}
            yield InstructionRow(f"{mnemonic.lower()}-cc{cc}", code, registers, after, cc, held, stored), rule
    for mnemonic, width, code in (
        ("CDS", 32, "CDS 2,4,8(6)"),
        ("CDSY", 32, "CDSY 2,4,-4088(7)"),
        ("CDSG", 64, "CDSG 2,4,16(6)"),
    ):
        for name, pair in (("equal", (HELD, SECOND)), ("left", (OTHER, SECOND)), ("right", (HELD, SECOND ^ 1))):
            registers = {2: in_register(pair[0], width), 3: in_register(pair[1], width)}
            registers |= {4: in_register(NEW, width), 5: in_register(~NEW, width), 6: "page1", 7: "page1+4096"}
            cc = int(name != "equal")
            after = {2: in_register(HELD, width), 3: in_register(SECOND, width)}
            held, stored = paired(HELD, SECOND, width), dict(paired(NEW, ~NEW, width))
            row = InstructionRow(f"{mnemonic.lower()}-{name}", code, registers, after, cc, held, {} if cc else stored)
            yield row, rule


def paired(first: int, second: int, width: int) -> dict[Value, int]:
    """Two words in a doubleword, or two doublewords."""
    if width == 32:
        return {"page1+8": (first & 0xFFFF_FFFF) << 32 | second & 0xFFFF_FFFF}
    return {"page1+16": first & ONES, "page1+24": second & ONES}


def signed_code(first: int, second: int, width: int) -> int:
    return integer_code(signed(first, width) + signed(second, width), width)


def logical_code(first: int, second: int, width: int) -> int:
    exact = first + second
    return 2 * (exact >> width) + (exact % (1 << width) != 0)


def operation_rows() -> Rows:
    """LOAD AND ADD and the like: what was in storage is loaded, and the result stored."""
    operations: dict[str, tuple[Callable[[int, int], int], Callable[[int, int, int], int]]] = {
        "LAA": (lambda a, b: a + b, signed_code),
        "LAAL": (lambda a, b: a + b, logical_code),
        "LAN": (lambda a, b: a & b, lambda a, b, _width: int(a & b != 0)),
        "LAO": (lambda a, b: a | b, lambda a, b, _width: int(a | b != 0)),
        "LAX": (lambda a, b: a ^ b, lambda a, b, _width: int(a != b)),
    }
    rule = "The second operand is loaded, and the result with the third one stored; cc as of that operation."
    for mnemonic, (of, code_of) in operations.items():
        for width, suffix in ((32, ""), (64, "G")):
            most = (1 << width - 1) - 1
            whole = (1 << width) - 1
            held_here, new_here = HELD & whole, NEW & whole
            for first, second in {
                "LAA": ((5, -5 & whole), (5, -7 & whole), (5, 7), (most, 1)),
                "LAAL": ((0, 0), (most, most), (whole, 1), (whole, most)),
                "LAN": ((held_here, ~held_here & whole), (held_here, new_here)),
                "LAO": ((0, 0), (held_here, new_here)),
                "LAX": ((held_here, held_here), (held_here, new_here)),
            }[mnemonic]:
                cc = code_of(first, second, width)
                distance = 8 - width // 8
                registers: dict[int, Value] = {3: in_register(~first, width), 5: in_register(second, width), 6: "page1"}
                after: dict[int, Masked] = {3: in_register(first, width)}
                held: dict[Value, int] = {"page1": in_storage(first, width)}
                stored: dict[Value, Masked] = {"page1": in_storage(of(first, second), width)}
                name = f"{mnemonic}{suffix}-cc{cc}".lower()
                code = f"{mnemonic}{suffix} 3,5,{distance}(6)"
                yield InstructionRow(name, code, registers, after, cc, held, stored, (facility(45),)), rule
            # The second and the third operand are the same register: its value before.
            registers = {3: in_register(7, width), 6: "page1"}
            held, stored = {"page1": in_storage(4, width)}, {"page1": in_storage(of(4, 7), width)}
            after, cc = {3: in_register(4, width)}, code_of(4, 7, width)
            code = f"{mnemonic}{suffix} 3,3,{distance}(6)"
            name = f"{mnemonic}{suffix}-same".lower()
            yield InstructionRow(name, code, registers, after, cc, held, stored, (facility(45),)), rule


def pair_rows() -> Rows:
    # Whether the two were fetched at once is for the CPU to say: cc 0 or 3, made 2 behind it.
    tail = "\nBRC 9,at_once\nLGHI 4,-1\nat_once: TMLL 8,3"
    for mnemonic, width in (("LPD", 32), ("LPDG", 64)):
        distance = 8 - width // 8
        registers: dict[int, Value] = {4: in_register(1, width), 5: in_register(2, width), 6: "page1", 7: "page2"}
        held: dict[Value, int] = {"page1": in_storage(HELD, width), "page2+64": in_storage(SECOND, width)}
        after: dict[int, Masked] = {4: in_register(HELD, width), 5: in_register(SECOND, width)}
        code = f"{mnemonic} 4,{distance}(6),{64 + distance}(7){tail}"
        row = InstructionRow(mnemonic.lower(), code, {**registers, 8: 2}, after, None, held, needs=(facility(45),))
        yield row, "Two operands are loaded in a pair of registers; cc 0 if nothing was stored in between, or 3."
    held = {"page1+32": HELD, "page1+40": SECOND}
    registers = {4: 1, 5: 2, 6: "page1", 7: 16}
    row = InstructionRow("lpq", "LPQ 4,16(7,6)", registers, {4: HELD, 5: SECOND}, None, held)
    yield row, "A quadword is loaded in a pair of registers."
    registers = {4: NEW, 5: ~NEW & ONES, 6: "page1", 7: 16}
    row = InstructionRow(
        "stpq", "STPQ 4,16(7,6)", registers, {}, None, held, {"page1+32": NEW, "page1+40": ~NEW & ONES}
    )
    yield row, "A pair of registers is stored in a quadword."


def store_rows() -> Rows:
    """COMPARE AND SWAP AND STORE: each size of what is compared, and of what is stored."""
    rule = "If the third operand equals the first, the replacement is stored there and the store value in the second; "
    rule += "cc 0; else the first is loaded, cc 1."
    for function, width in ((0, 32), (1, 64), (2, 128)):
        for characteristic in range(5):
            is_equal = characteristic != 3
            size = 1 << characteristic
            registers: dict[int, Value] = {0: characteristic << 8 | function, 1: "page1+64", 6: "page1", 7: "page2"}
            compared = HELD if is_equal else HELD ^ 1 << 32
            left = HELD >> 32 if width == 32 else HELD
            registers |= {4: in_register(compared >> 32, 32) if width == 32 else compared, 5: SECOND}
            held: dict[Value, int] = {
                "page1": HELD,
                "page1+8": SECOND,
                "page1+64": NEW,
                "page1+72": ~NEW & ONES,
                "page1+80": 0x2122_2324_2526_2728,
                "page1+88": 0x292A_2B2C_2D2E_2F30,
                "page2": HELD,
                "page2+8": HELD,
            }
            after: dict[int, Masked] = {4: in_register(left, 32) if width == 32 else left}
            stored: dict[Value, Masked] = {}
            if is_equal:
                stored["page1"] = NEW if width > 32 else NEW >> 32 << 32 | HELD & 0xFFFF_FFFF
                stored["page1+8"] = ~NEW & ONES if width == 128 else SECOND
                value = (0x2122_2324_2526_2728 << 64 | 0x292A_2B2C_2D2E_2F30) >> 128 - 8 * size
                whole = value << 128 - 8 * size | (HELD << 64 | HELD) & (1 << 128 - 8 * size) - 1
                stored |= {"page2": whole >> 64, "page2+8": whole & ONES}
            yield (
                InstructionRow(
                    f"csst-{width}-{8 * size}",
                    "CSST 0(6),0(7),4",
                    registers,
                    after,
                    0 if is_equal else 1,
                    held,
                    stored,
                    (facility(32), facility(33)),
                ),
                rule,
            )


def locked_rows() -> Rows:
    """PERFORM LOCKED OPERATION with operands in registers: of 32 bits, and of 64."""
    for width, kind in ((32, 0), (64, 2)):
        place = 8 - width // 8
        code = f"PLO 2,{place}(6),4,{64 + place}(7)"
        for name, function, first, third, cc in (
            ("load-equal", 0, HELD, 0, 0),
            ("load-not-equal", 0, OTHER, 0, 1),
            ("swap-equal", 4, HELD, 0, 0),
            ("swap-not-equal", 4, OTHER, 0, 1),
            ("double-equal", 8, HELD, SECOND, 0),
            ("double-first", 8, OTHER, OTHER, 1),
            ("double-second", 8, HELD, OTHER, 2),
            ("swap-and-store-equal", 12, HELD, OTHER, 0),
            ("swap-and-store-not-equal", 12, OTHER, OTHER, 1),
        ):
            registers: dict[int, Value] = {0: function + kind, 1: "page3", 6: "page1", 7: "page2"}
            registers |= {2: in_register(first, width), 3: in_register(NEW, width)}
            registers |= {4: in_register(third, width), 5: in_register(~NEW, width)}
            held: dict[Value, int] = {"page1": in_storage(HELD, width), "page2+64": in_storage(SECOND, width)}
            after: dict[int, Masked] = {}
            stored: dict[Value, Masked] = {}
            if cc == 1:
                after[2] = in_register(HELD, width)
            elif cc == 2 or function == 0:
                after[4] = in_register(SECOND, width)
            else:
                stored["page1"] = in_storage(NEW, width)
                if function != 4:
                    stored["page2+64"] = in_storage(~NEW if function == 8 else third, width)
            yield (
                InstructionRow(f"plo-{name}-{width}", code, registers, after, cc, held, stored),
                "Under a lock: what is compared is equal (cc 0), or the first (1) or third operand (2) is not.",
            )
    for function, cc in ((0x100, 0), (0x117, 0), (0x11A, 3), (0x1FF, 3)):
        row = InstructionRow(f"plo-test-{function:x}", "PLO 2,0(6),4,0(7)", {0: function, 1: "page3"}, {}, cc)
        yield row, "With the test bit one cc says whether the function code is valid."


def all_rows() -> Rows:
    for rows in (swap_rows, operation_rows, pair_rows, store_rows, locked_rows):
        yield from rows()


SECTION = CaseSection("Interlocked updates", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
