# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector floating point: comparisons, signs, classes of data, and the short format from and to the long one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from tools.conform.architecture.binary_numbers import (
    DOWN,
    INEXACT,
    INVALID,
    LONG,
    MODE_NAMES,
    OVERFLOW,
    SHORT,
    UNDERFLOW,
    bits_of,
    rounded,
)
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.vector_row import ALL, LEFT, flagged_row, vector

SOURCE = "PoP 24, Vector Floating-Point Instructions"
OLD = 0xDEAD_BEEF_0123_4567_89AB_CDEF_0F1E_2D3C
ONES = (1 << 64) - 1
LEFT_WORDS = 0xFFFF_FFFF_0000_0000_FFFF_FFFF_0000_0000
"""Where short numbers are in doublewords; what is beside them is unpredictable."""
SIGN = 1 << 63
QUIET, SIGNALING = 0x7FF8_0000_0000_0123, 0xFFF0_0000_0000_0456
ONE, TWO, INFINITY = bits_of(1, LONG), bits_of(2, LONG), LONG.infinity
Rows = Iterator[tuple[InstructionRow, str]]

# Whether it holds for numbers of which the first is equal, low, high; never for a NaN.
COMPARISONS = {"VFCE": (True, False, False), "VFCH": (False, False, True), "VFCHE": (True, False, True)}
# Two data, and their relation: 0 equal, 1 low, 2 high, 3 unordered.
PAIRS = {
    "equal": (ONE, ONE, 0),
    "zeros": (0, SIGN, 0),
    "low": (ONE | SIGN, ONE, 1),
    "high": (INFINITY, TWO, 2),
    "unordered": (QUIET, ONE, 3),
    "signaling": (ONE, SIGNALING, 3),
}


def comparison_rows() -> Rows:
    rule = "Ones where it is so; cc 0 if for all elements, 1 if for some, 3 if for none; a signaling NaN is invalid."
    for mnemonic, answers in COMPARISONS.items():
        for names in (
            ("equal", "high"),
            ("equal", "low"),
            ("high", "zeros"),
            ("low", "unordered"),
            ("signaling", "equal"),
            ("high", "high"),
        ):
            (a, b, left), (c, d, right) = (PAIRS[name] for name in names)
            holds = [relation < 3 and answers[relation] for relation in (left, right)]
            before = {3: OLD, 4: vector((a, c), 64), 5: vector((b, d), 64)}
            flags = INVALID if "signaling" in names else 0
            cc = 0 if all(holds) else 1 if any(holds) else 3
            result = vector((-each for each in holds), 64)
            name = f"{mnemonic.lower()}-{'-'.join(names)}"
            yield flagged_row(name, f"{mnemonic} 3,4,5,3,0,1", before, {3: result}, flags, cc=cc), rule
        row = flagged_row(f"{name}-not-set", f"{mnemonic} 3,4,5,3,0,0", before, {3: result})
        yield row, "Without the condition-code-set bit the condition code stays."
        for pair in ("equal", "low"):
            a, b, relation = PAIRS[pair]
            before = {3: OLD, 4: vector((a, QUIET), 64), 5: vector((b, SIGNALING), 64)}
            after: dict[int, int | tuple[int, int]] = {3: (LEFT if answers[relation] else 0, LEFT)}
            cc = 0 if answers[relation] else 3
            row = flagged_row(f"{mnemonic.lower()}-single-{pair}", f"{mnemonic} 3,4,5,3,8,1", before, after, cc=cc)
            yield row, "With the single-element control only element 0 is looked at."
    for name, (a, b, relation) in PAIRS.items():
        # Doublewords 1 have another relation.
        before = {3: vector((a, TWO), 64), 4: vector((b, SIGNALING), 64)}
        for mnemonic in ("WFC", "WFK"):
            is_invalid = name == "signaling" or (name == "unordered" and mnemonic == "WFK")
            row = flagged_row(
                f"{mnemonic.lower()}-{name}",
                f"{mnemonic} 3,4,3,0",
                before,
                {},
                INVALID if is_invalid else 0,
                cc=relation,
            )
            yield (
                row,
                "Elements 0: cc 0 equal, 1 low, 2 high, 3 unordered; to WFK a quiet NaN is invalid, too.",
            )


def sign_rows() -> Rows:
    rule = "The sign alone is inverted, set to minus, or set to plus, of a NaN, too."
    signs: dict[int, Callable[[int], int]] = {
        0: lambda datum: datum ^ SIGN,
        1: lambda datum: datum | SIGN,
        2: lambda datum: datum & ~SIGN,
    }
    for operation, of in signs.items():
        for number, pair in enumerate(((ONE, TWO | SIGN), (SIGNALING, 0))):
            before = {3: OLD, 4: vector(pair, 64)}
            after: dict[int, int | tuple[int, int]] = {3: vector(map(of, pair), 64)}
            yield flagged_row(f"vfpso-{operation}-{number}", f"VFPSO 3,4,3,0,{operation}", before, after), rule
    before = {3: OLD, 4: vector((TWO, TWO), 64)}
    row = flagged_row("vfpso-single", "VFPSO 3,4,3,8,0", before, {3: ((TWO | SIGN) << 64, LEFT)})
    yield row, "With the single-element control only element 0 is looked at."


# The class of a datum by the number of the bit that stands for it; that of the negative one follows.
CLASSES = {"zero": 0, "normal": LONG.smallest, "subnormal": LONG.smallest - 1, "infinity": INFINITY}
CLASSES |= {"quiet": QUIET, "signaling": INFINITY | 1}


def class_rows() -> Rows:
    rule = "Ones where the bit for the datum's class and sign is one; cc 0 if for all, 1 if for some, 3 if for none."
    for number, (name, datum) in enumerate(CLASSES.items()):
        positive, negative = 0x800 >> 2 * number, 0x400 >> 2 * number
        before = {3: OLD, 4: vector((datum, datum | SIGN), 64)}
        for what, field, result, cc in (
            ("both", positive | negative, ALL, 0),
            ("positive", 0xFFF ^ negative, LEFT, 1),
            ("negative", negative, ALL ^ LEFT, 1),
            ("neither", 0xFFF ^ positive ^ negative, 0, 3),
        ):
            if what != "negative" or name == "zero":
                yield flagged_row(f"vftci-{name}-{what}", f"VFTCI 3,4,{field},3,0", before, {3: result}, cc=cc), rule
    before = {3: OLD, 4: vector((0, ONE), 64)}
    for field, result, cc in ((0x800, LEFT, 0), (0x200, 0, 3)):
        row = flagged_row(f"vftci-single-cc{cc}", f"VFTCI 3,4,{field},3,8", before, {3: (result, LEFT)}, cc=cc)
        yield row, "With the single-element control only element 0 is looked at."


def lengthened_rows() -> Rows:
    rule = "The short numbers in words 0 and 2 become long ones."
    smallest = bits_of(Fraction(1, 1 << 149), SHORT)
    for name, shorts, longs, flags in (
        ("numbers", (bits_of(Fraction(-5, 2), SHORT), smallest), (bits_of(Fraction(-5, 2), LONG), 0x36A0 << 48), 0),
        ("special", (SHORT.infinity, SHORT.sign), (INFINITY, SIGN), 0),
        ("nans", (0x7FC0_0001, 0xFF80_0001), (0x7FF8_0000_2000_0000, 0xFFF8_0000_2000_0000), INVALID),
    ):
        # What is in words 1 and 3 does not count: a signaling NaN.
        before = {3: OLD, 4: vector((shorts[0], 0x7F80_0001, shorts[1], 0x7F80_0001), 32)}
        yield flagged_row(f"vfll-{name}", "VFLL 3,4,2,0", before, {3: vector(longs, 64)}, flags), rule
    row = flagged_row("vfll-single", "VFLL 3,4,2,8", before, {3: (longs[0] << 64, LEFT)})
    yield row, "With the single-element control only element 0 is looked at."


def shortened_rows() -> Rows:
    exact = (Fraction(0.1), Fraction(-7 / 3))
    before = {3: OLD, 4: vector((bits_of(each, LONG) for each in exact), 64)}
    for mode, way in MODE_NAMES.items():
        shorts = [rounded(each, SHORT, mode).bits << 32 for each in exact]
        after: dict[int, int | tuple[int, int]] = {3: (vector(shorts, 64), LEFT_WORDS)}
        row = flagged_row(f"vled-{way}", f"VLED 3,4,3,0,{mode + 4}", before, after, INEXACT)
        yield row, "Long numbers become short ones in words 0 and 2, rounded as the fifth operand says."
        row = flagged_row(f"vled-register-{way}", "VLED 3,4,3,0,0", before, after, INEXACT, mode=mode)
        yield row, "Long numbers become short ones, rounded as the floating-point-control register says."
    row = flagged_row("vled-suppressed", f"VLED 3,4,3,4,{DOWN + 4}", before, after)
    yield row, "With the IEEE-inexact-exception control one no flag says that a result is inexact."
    for name, (first, second), shorts, flags in (
        ("nans", (QUIET | 1 << 50, SIGNALING | 1 << 29), (0x7FE0_0000, 0xFFC0_0001), INVALID),
        ("special", (INFINITY | SIGN, SIGN), (SHORT.infinity | SHORT.sign, SHORT.sign), 0),
        (
            "limits",
            (bits_of(1 << 128, LONG), bits_of(Fraction(1, 1 << 150), LONG) | SIGN),
            (SHORT.infinity, SHORT.sign),
            OVERFLOW | UNDERFLOW | INEXACT,
        ),
    ):
        before = {3: OLD, 4: vector((first, second), 64)}
        after = {3: (vector((each << 32 for each in shorts), 64), LEFT_WORDS)}
        row = flagged_row(f"vled-{name}", "VLED 3,4,3,0,4", before, after, flags)
        yield row, "NaNs keep the left bits of their payloads and become quiet; what is too great becomes infinity."
    before = {3: OLD, 4: vector((ONE, SIGNALING), 64)}
    row = flagged_row("vled-single", "VLED 3,4,3,8,4", before, {3: (bits_of(1, SHORT) << 96, 0xFFFF_FFFF << 96)})
    yield row, "With the single-element control only element 0 is looked at."


def all_rows() -> Rows:
    for rows in (comparison_rows, sign_rows, class_rows, lengthened_rows, shortened_rows):
        yield from rows()


SECTION = CaseSection("Vector floating-point operations", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
