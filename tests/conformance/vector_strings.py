# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector string instructions: elements that are found, are not equal, lie in a range, or are zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.vector_row import elements, vector, vector_row

SOURCE = "PoP 23, Vector String Instructions"
OLD = 0xDEAD_BEEF_0123_4567_89AB_CDEF_0F1E_2D3C
NAMES = {8: "bytes", 16: "halfwords", 32: "words"}
WIDTHS = {8: 0, 16: 1, 32: 2}
ALL_OF = 8
"""The width for which all of it is tried; the others differ in nothing but what an element is."""
INVERT, RESULT_TYPE, ZERO_SEARCH, SET = 8, 4, 2, 1
NONE = 16
"""The byte index when nothing is found."""
Rows = Iterator[tuple[InstructionRow, str]]


def index(byte: int) -> int:
    """The vector of an instruction that has found something at a *byte*: in byte 7, and zeros."""
    return byte << 64


def first(found: Sequence[bool], width: int) -> int:
    """The index of the first byte of the first element that is true."""
    return found.index(True) * width // 8 if True in found else NONE


def search_code(found: int, zero: int) -> int:
    """The condition code of a search, by the byte indexes of what is looked for, and of a zero.

    0: a zero before it; 1: found, and no zero; 2: found before a zero; 3: neither.
    """
    if zero == NONE:
        return 3 if found == NONE else 1
    return 2 if found < zero else 0


def text(width: int, *special: tuple[int, int]) -> list[int]:
    """Elements of *width* that are all different, with those of *special* (number, element) among them."""
    found = [0x41 + number for number in range(128 // width)]
    # Both halves of an element count.
    found = [each | (0x80 << width - 8 if width > 8 else 0) for each in found]
    for number, element in special:
        found[number] = element
    return found


def equal_rows() -> Rows:
    """VECTOR FIND ELEMENT EQUAL, with and without a search for zero."""
    rule = "The byte index of the first elements that are equal, or that are zero if zeros are looked for; 16: none."
    for width, size in WIDTHS.items():
        last = 128 // width - 1
        one = text(width)
        for name, ours, theirs in (
            ("none", one, [0x7F] * len(one)),
            ("equal", one, [0x7F] * last + one[last:]),
            ("zero", text(width, (last, 0)), [0x7F] * len(one)),
            ("equal-before-zero", text(width, (last, 0)), [0x7F] * (last - 1) + one[last - 1 : last] + [0x7F]),
            ("zero-before-equal", text(width, (last - 1, 0)), [0x7F] * last + one[last:]),
        ):
            equal = first([a == b for a, b in zip(ours, theirs, strict=True)], width)
            zero = first([a == 0 for a in ours], width)
            before = {3: OLD, 4: vector(ours, width), 5: vector(theirs, width)}
            for field, looked in ((SET, NONE), (SET | ZERO_SEARCH, zero)):
                after = {3: index(min(equal, looked))}
                code, cc = f"VFEE 3,4,5,{size},{field}", search_code(equal, looked)
                yield vector_row(f"vfee-{NAMES[width]}-{name}-{field}", code, before, after, cc), rule
            row = vector_row(f"vfee-{NAMES[width]}-{name}-not-set", f"VFEE 3,4,5,{size},0", before, {3: index(equal)})
        yield row, rule


def not_equal_rows() -> Rows:
    """VECTOR FIND ELEMENT NOT EQUAL: which of the two is lower counts, too."""
    rule = (
        "The byte index of the first elements that differ: cc 1 if the second operand's is low, 2 if high; of a zero "
    )
    rule += "in both, if zeros are looked for: cc 0; 16 and cc 3: none."
    for width, size in WIDTHS.items():
        last = 128 // width - 1
        same = text(width)
        high = 0xFF << width - 8
        for name, ours, theirs, byte, codes in (
            ("none", same, same, NONE, (3, 3)),
            ("low", same, text(width, (last, high)), last * width // 8, (1, 1)),
            ("high", text(width, (last, high)), same, last * width // 8, (2, 2)),
            ("zero", text(width, (1, 0)), text(width, (1, 0), (last, high)), None, (1, 0)),
            ("zero-in-one", text(width, (1, 0)), same, width // 8, (1, 1)),
            ("zero-after-low", text(width, (1, 3), (2, 0)), text(width, (1, 4), (2, 0)), width // 8, (1, 1)),
        ):
            for field, cc in zip((SET, SET | ZERO_SEARCH), codes, strict=True):
                found = byte if byte is not None else width // 8 if field & ZERO_SEARCH else last * width // 8
                before = {3: OLD, 4: vector(ours, width), 5: vector(theirs, width)}
                code = f"VFENE 3,4,5,{size},{field}"
                yield vector_row(f"vfene-{NAMES[width]}-{name}-{field}", code, before, {3: index(found)}, cc), rule


def any_rows() -> Rows:
    """VECTOR FIND ANY ELEMENT EQUAL: an index, or a mask."""
    rule = "The byte index of the first element that equals any of the third operand's, or a mask of all that do; "
    rule += "inverted: that equals none."
    for width, size in WIDTHS.items():
        last = 128 // width - 1
        several = (
            ("some", text(width), [0x7F, text(width)[last]]),
            ("before-zero", text(width, (last, 0)), [0x7F, text(width)[1]]),
            ("after-zero", text(width, (0, 0)), [0x7F, text(width)[1]]),
            ("none", text(width), [0x7F]),
            ("all", [0x7F] * (last + 1), [0x7F]),
        )
        for name, ours, wanted in several[: len(several) if width == ALL_OF else 2]:
            theirs = [wanted[0]] * last + wanted[-1:]
            zero = first([each == 0 for each in ours], width)
            before = {3: OLD, 4: vector(ours, width), 5: vector(theirs, width)}
            for field in (SET, SET | ZERO_SEARCH, SET | RESULT_TYPE, SET | INVERT, SET | RESULT_TYPE | ZERO_SEARCH):
                yield (
                    matched(
                        f"vfae-{NAMES[width]}-{name}-{field}",
                        f"VFAE 3,4,5,{size},{field}",
                        before,
                        [(each in theirs) != bool(field & INVERT) for each in ours],
                        zero,
                        field,
                        width,
                    ),
                    rule,
                )


def matched(
    name: str, code: str, before: dict[int, int], found: list[bool], zero: int, field: int, width: int
) -> InstructionRow:
    """What a search gives that has *found* what it looks for in elements of the second operand, and a *zero*."""
    equal = first(found, width)
    looked = zero if field & ZERO_SEARCH else NONE
    mask = vector((-each for each in found), width)
    after = {3: mask if field & RESULT_TYPE else index(min(equal, looked))}
    return vector_row(name, code, before, after, search_code(equal, looked) if field & SET else None)


def isolate_rows() -> Rows:
    rule = "Elements before the first zero, and zeros from there on: cc 0 if there is one, else 3."
    for width, size in WIDTHS.items():
        last = 128 // width - 1
        for name, ours in (
            ("none", text(width)),
            ("first", text(width, (0, 0))),
            ("inside", text(width, (last - 1, 0))),
            ("last", text(width, (last, 0))),
        ):
            found = elements(vector(ours, width), width)
            kept = found[: found.index(0)] if 0 in found else found
            result = vector([*kept, *[0] * (len(found) - len(kept))], width)
            cc = 0 if 0 in found else 3
            before = {3: OLD, 4: vector(ours, width)}
            yield vector_row(f"vistr-{NAMES[width]}-{name}", f"VISTR 3,4,{size},1", before, {3: result}, cc), rule
        before = {3: OLD, 4: vector(text(width), width)}
        after = {3: vector(text(width), width)}
        yield vector_row(f"vistr-{NAMES[width]}-not-set", f"VISTR 3,4,{size},0", before, after), rule


EQUAL, LOW, HIGH = 8, 4, 2


def satisfies(value: int, bound: int, control: int) -> bool:
    """Whether *value* is as *control* says, the leftmost bits of an element."""
    return bool(control & (EQUAL if value == bound else LOW if value < bound else HIGH))


def range_rows() -> Rows:
    """VECTOR STRING RANGE COMPARE: pairs of bounds, both of which must hold."""
    rule = "An element matches that satisfies both comparisons of an even and an odd element of the third operand, as "
    rule += "the leftmost bits of the fourth operand's say: equal, low, high."
    for width, size in WIDTHS.items():
        ours = text(width)
        last = len(ours) - 1
        # From the third to the last but one, without these; or exactly the last one.
        bounds = [ours[-3] - 1, ours[-1], ours[-1], ours[-1]]
        several = (
            ("between-or-at", ours, [HIGH, EQUAL | LOW, 0, 0]),
            ("zero-last", text(width, (last, 0)), [HIGH, LOW, 0, 0]),
            ("between", ours, [HIGH, LOW, 0, 0]),
            ("either", ours, [EQUAL, LOW, EQUAL, EQUAL]),
            ("none", ours, [0, 0, 0, 0]),
            ("zero-first", text(width, (0, 0)), [HIGH, LOW, 0, 0]),
        )
        for name, string, controls in several[: len(several) if width == ALL_OF else 2]:
            fields = controls + [0] * (len(ours) - 4)
            edges = bounds + [0] * (len(ours) - 4)
            pairs = [(edges[at : at + 2], fields[at : at + 2]) for at in range(0, len(ours), 2)]
            found = [
                any(all(satisfies(each, b, c) for b, c in zip(*pair, strict=True)) for pair in pairs) for each in string
            ]
            zero = first([each == 0 for each in string], width)
            before = {3: OLD, 4: vector(string, width), 5: vector(edges, width)}
            before[6] = vector((field << width - 4 for field in fields), width)
            for field in (SET, SET | ZERO_SEARCH, SET | RESULT_TYPE, INVERT | RESULT_TYPE):
                expected = [each != bool(field & INVERT) for each in found]
                code = f"VSTRC 3,4,5,6,{size},{field}"
                name_of_row = f"vstrc-{NAMES[width]}-{name}-{field}"
                yield matched(name_of_row, code, before, expected, zero, field, width), rule


def all_rows() -> Rows:
    for rows in (equal_rows, not_equal_rows, any_rows, isolate_rows, range_rows):
        yield from rows()


SECTION = CaseSection("Vector strings", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
