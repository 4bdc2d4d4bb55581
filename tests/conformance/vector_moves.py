# SPDX-License-Identifier: GPL-2.0-or-later
"""Vectors loaded and stored: whole, in part, and by elements; elements and general registers; masks."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import CaseSection, Masked
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value
from tools.conform.architecture.vector_row import ALL, elements, vector, vector_row

SOURCE = "PoP 21, Vector Support Instructions"
HELD = 0x8091_A2B3_C4D5_E6F7_0819_2A3B_4C5D_6E7F
OLD = 0xDEAD_BEEF_0123_4567_89AB_CDEF_0F1E_2D3C
THIRD = 0xF1E2_D3C4_B5A6_9788_7766_5544_3322_1100
NAMES = {8: "bytes", 16: "halfwords", 32: "words", 64: "doublewords"}
WIDTHS = {8: 0, 16: 1, 32: 2, 64: 3}
LETTERS = {8: "B", 16: "H", 32: "F", 64: "G"}
ONES = (1 << 64) - 1
Rows = Iterator[tuple[InstructionRow, str]]


def at(place: str, value: int) -> dict[Value, int]:
    """The two doublewords at *place*, a name and a distance, that hold a vector."""
    name, distance = place.split("+")
    return {place: value >> 64, f"{name}+{int(distance) + 8}": value & ONES}


def replaced(old: int, width: int, number: int, element: int) -> int:
    """*old* with another element *number*."""
    found = elements(old, width)
    found[number] = element
    return vector(found, width)


def placed(place: str, width: int, offset: int, element: int, around: int) -> dict[Value, int]:
    """Storage that holds *around*, and *element* of *width* bits at the *offset* in bytes."""
    shift = 128 - width - 8 * offset
    mask = (1 << width) - 1 << shift
    return at(place, around & ~mask | (element << shift & mask))


def whole_rows() -> Rows:
    # By an index, and at a place that is aligned to nothing.
    storage = placed("page2+32", 8, 0, 0x55, HELD >> 8) | at("page2+48", HELD << 120 & ALL)
    registers: dict[int, Value] = {2: "page2", 5: 1}
    row = vector_row("vl", "VL 3,32(5,2)", {3: OLD}, {3: HELD}, registers=registers, storage=storage)
    yield row, "Sixteen bytes are loaded, aligned or not."
    row = vector_row(
        "vl-high", "VL 31,16(0,2)", {31: OLD}, {31: HELD}, registers=registers, storage=at("page2+16", HELD)
    )
    yield row, "There are 32 vector registers."
    stored = placed("page2+32", 8, 0, 0x55, HELD >> 8)
    stored |= {"page2+48": (HELD & 0xFF) << 56 | 0x55_5555_5555_5555}
    held: dict[Value, int] = dict.fromkeys(("page2+32", "page2+40", "page2+48"), 0x5555_5555_5555_5555)
    row = vector_row("vst", "VST 3,32(5,2)", {3: HELD}, {}, registers=registers, storage=held, stored=dict(stored))
    yield row, "Sixteen bytes are stored, and nothing around them."
    yield vector_row("vlr", "VLR 3,4", {3: OLD, 4: HELD}, {3: HELD}), "A register is copied."
    yield vector_row("vlr-high", "VLR 3,20", {3: OLD, 20: HELD}, {3: HELD}), "A register is copied."


def several_rows() -> Rows:
    values = [vector([0x1111_1111 * number + 7] * 4, 32) for number in range(1, 4)]
    storage: dict[Value, int] = {}
    for number, value in enumerate(values):
        storage |= at(f"page2+{64 + 16 * number}", value)
    before = dict.fromkeys((14, 15, 16, 17, 18), OLD)
    after = dict(zip((15, 16, 17), values, strict=True))
    row = vector_row("vlm", "VLM 15,17,64(2)", before, after, registers={2: "page2"}, storage=storage)
    yield row, "Registers from the first to the third operand are loaded."
    held: dict[Value, int] = {f"page2+{56 + 8 * number}": 0x5555_5555_5555_5555 for number in range(8)}
    row = vector_row("vstm", "VSTM 15,17,64(2)", after, {}, registers={2: "page2"}, storage=held, stored=dict(storage))
    yield row, "Registers from the first to the third operand are stored."


def element_rows() -> Rows:
    for width, size in WIDTHS.items():
        last, bytes_each = 128 // width - 1, width // 8
        element = HELD >> 128 - width
        for number in (0, last):
            name = f"{NAMES[width]}-{number}"
            storage = placed("page2+16", width, 3, element, 0)
            # VLEx: the element of storage.
            mnemonic = f"VLE{LETTERS[width]}"
            after = {3: replaced(OLD, width, number, element)}
            code = f"{mnemonic} 3,19(0,2),{number}"
            row = vector_row(f"vle-{name}", code, {3: OLD}, after, registers={2: "page2"}, storage=storage)
            yield row, "One element is loaded; the others stay."
            mnemonic = f"VSTE{LETTERS[width]}"
            source = replaced(OLD, width, number, element)
            held, stored = at("page2+16", THIRD), placed("page2+16", width, 3, element, THIRD)
            code = f"{mnemonic} 3,19(0,2),{number}"
            registers: dict[int, Value] = {2: "page2"}
            row = vector_row(
                f"vste-{name}", code, {3: source}, {}, registers=registers, storage=held, stored=dict(stored)
            )
            yield row, "One element is stored, and nothing around it."
            mnemonic = f"VLEI{LETTERS[width]}"
            for immediate in (-2, 0x7A) if width == 8 else (-2, 0x7ABC):
                after = {3: replaced(OLD, width, number, immediate)}
                code = f"{mnemonic} 3,{immediate},{number}"
                sign = "negative" if immediate < 0 else "positive"
                yield vector_row(f"vlei-{name}-{sign}", code, {3: OLD}, after), "A number with sign becomes an element."
        storage = placed("page2+16", width, 3, element, 0)
        registers = {2: "page2"}
        after = {3: vector([element] * (128 // width), width)}
        code = f"VLREP 3,19(0,2),{size}"
        row = vector_row(f"vlrep-{NAMES[width]}", code, {3: OLD}, after, registers=registers, storage=storage)
        yield row, "An element of storage is loaded into all elements."
        after = {3: element << 64}
        code = f"VLLEZ 3,19(0,2),{size}"
        row = vector_row(f"vllez-{NAMES[width]}", code, {3: OLD}, after, registers=registers, storage=storage)
        yield row, "An element is loaded, right-aligned, into doubleword 0; everything else becomes zero."
        number = 128 // width - 2
        # The number of the element is the rightmost bits of an address.
        code = f"VLGV 5,4,{number}(6),{size}"
        far = 0x10 * bytes_each
        value = elements(HELD, width)[number]
        registers = {5: ONES, 6: far}
        row = vector_row(f"vlgv-{NAMES[width]}", code, {4: HELD}, {}, registers=registers, registers_after={5: value})
        yield row, "An element is loaded into a general register, with zeros before it."
        code = f"VLVG 3,5,{number}(6),{size}"
        registers = {5: THIRD & ONES, 6: far}
        after = {3: replaced(OLD, width, number, THIRD & (1 << width) - 1)}
        row = vector_row(f"vlvg-{NAMES[width]}", code, {3: OLD}, after, registers=registers)
        yield row, "The rightmost bits of a general register become an element; the others stay."
    registers = {5: HELD >> 64, 6: HELD & ONES}
    row = vector_row("vlvgp", "VLVGP 3,5,6", {3: OLD}, {3: HELD}, registers=registers)
    yield row, "Two general registers become a vector."


def gather_rows() -> Rows:
    for width, load, store in ((32, "VGEF", "VSCEF"), (64, "VGEG", "VSCEG")):
        for number in (0, 128 // width - 1):
            # The index is the same element of the second operand, without sign; all others would miss.
            indexes = replaced(vector([0x300] * (128 // width), width), width, number, 0x13)
            element = HELD >> 128 - width
            storage = placed("page2+16", width, 5, element, 0)
            before = {3: OLD, 4: indexes}
            after = {3: replaced(OLD, width, number, element)}
            code = f"{load} 3,2(4,2),{number}"
            row = vector_row(f"{load.lower()}-{number}", code, before, after, registers={2: "page2"}, storage=storage)
            yield row, "An element is loaded from where the same element of the index vector says."
            held, stored = at("page2+16", THIRD), placed("page2+16", width, 5, element, THIRD)
            before = {3: replaced(OLD, width, number, element), 4: indexes}
            code = f"{store} 3,2(4,2),{number}"
            name = f"{store.lower()}-{number}"
            row = vector_row(name, code, before, {}, registers={2: "page2"}, storage=held, stored=dict(stored))
            yield row, "An element is stored where the same element of the index vector says."


def length_rows() -> Rows:
    """Parts of a vector, by the number of the last byte, or up to a boundary."""
    for last in (0, 6, 14, 15, 0x1_0000):
        count = min(last, 15) + 1
        mask = ALL & ALL << 128 - 8 * count
        storage = at("page2+16", HELD)
        # Bits 0 to 31 of the general register do not count.
        registers: dict[int, Value] = {2: "page2", 5: 0x7777_7777 << 32 | last}
        row = vector_row(
            f"vll-{last}", "VLL 3,5,16(2)", {3: OLD}, {3: HELD & mask}, registers=registers, storage=storage
        )
        yield row, "Bytes are loaded up to the one that the third operand says; zeros follow."
        stored = at("page2+16", OLD & mask | HELD & ~mask)
        row = vector_row(
            f"vstl-{last}", "VSTL 3,5,16(2)", {3: OLD}, {}, registers=registers, storage=storage, stored=dict(stored)
        )
        yield row, "Bytes are stored up to the one that the third operand says."
    for code, boundary in ((0, 64), (1, 128), (2, 256), (3, 512), (4, 1024), (5, 2048), (6, 4096)):
        for distance in (5, 16) if code else (1, 5, 15, 16, 17):
            count, place = min(distance, 16), boundary - distance
            # A boundary that is wider is not there yet: twice 64 is.
            storage = at(f"page2+{place - place % 8}", HELD) | {f"page2+{place - place % 8 + 16}": THIRD >> 64}
            combined = HELD << 64 | THIRD >> 64
            value = combined >> 64 - 8 * (place % 8) & ALL
            mask = ALL & ALL << 128 - 8 * count
            registers = {2: "page2", 5: place}
            row = vector_row(
                f"vlbb-{boundary}-{distance}",
                f"VLBB 3,0(5,2),{code}",
                {3: OLD},
                {3: (value & mask, mask)},
                registers=registers,
                storage=storage,
            )
            yield row, "Bytes are loaded up to a boundary; what follows is unpredictable."
            registers |= {6: ONES}
            left: dict[int, Masked] = {6: ONES >> 32 << 32 | count}
            row = vector_row(
                f"lcbb-{boundary}-{distance}",
                f"LCBB 6,0(5,2),{code}",
                {},
                {},
                0 if count == 16 else 3,
                registers=registers,
                registers_after=left,
            )
            yield row, "How many bytes there are up to the boundary, at most 16: cc 0 if so many, else 3."


def mask_rows() -> Rows:
    for immediate in (0, 0xFFFF, 0x8001, 0x5A3C):
        result = vector((-(immediate >> 15 - number & 1) for number in range(16)), 8)
        row = vector_row(f"vgbm-{immediate:x}", f"VGBM 3,{immediate}", {3: OLD}, {3: result})
        yield row, "Each byte is ones where the bit of the immediate operand is one."
    for width, size in WIDTHS.items():
        # Modulo the size, and around the end.
        for first, last in ((1, 5), (width - 2, 1), (3, 3)):
            numbers = {(first + step) % width for step in range((last - first) % width + 1)}
            element = sum(1 << width - 1 - number for number in numbers)
            code = f"VGM 3,{first},{last},{size}"
            result = vector([element] * (128 // width), width)
            yield (
                vector_row(f"vgm-{NAMES[width]}-{first}-{last}", code, {3: OLD}, {3: result}),
                "Ones from the bit of the first immediate operand to that of the second, around the end if need be.",
            )
        for immediate in (-3, 0x65):
            result = vector([immediate] * (128 // width), width)
            sign = "negative" if immediate < 0 else "positive"
            row = vector_row(f"vrepi-{NAMES[width]}-{sign}", f"VREPI 3,{immediate},{size}", {3: OLD}, {3: result})
            yield row, "A number with sign becomes all elements."


def all_rows() -> Rows:
    for rows in (whole_rows, several_rows, element_rows, gather_rows, length_rows, mask_rows):
        yield from rows()


SECTION = CaseSection("Vectors moved", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
