# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector floating-point instructions: results, rounded in each way, flags, comparisons, conversions, classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

from tools.conform.architecture.binary_numbers import (
    DIVISION_BY_ZERO,
    INEXACT,
    INVALID,
    LONG,
    METHODS,
    MODE_NAMES,
    NEAREST,
    OVERFLOW,
    UP,
    bits_of,
    rounded,
    rounded_integer,
)
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.vector_row import LEFT, flagged_row, vector

SOURCE = "PoP 24, Vector Floating-Point Instructions"
OLD = 0xDEAD_BEEF_0123_4567_89AB_CDEF_0F1E_2D3C
ONES = (1 << 64) - 1
INFINITY, DEFAULT_NAN, NEGATIVE_ZERO = 0x7FF0 << 48, 0x7FF8 << 48, 1 << 63
QUIET, SIGNALING = 0x7FF8_0000_0000_0123, 0xFFF0_0000_0000_0456
GIVEN_METHODS = {field: mode for field, mode in METHODS.items() if field}
"""Those that a mask field says, and not the floating-point-control register."""
Rows = Iterator[tuple[InstructionRow, str]]


def bits(number: float) -> int:
    """*number* in the long format."""
    return bits_of(Fraction(number), LONG)


def nearby(exact: Fraction, mode: int) -> int:
    """The datum of the long format that *exact* is rounded to."""
    return rounded(exact, LONG, mode).bits


# Each is a sum, a difference, a product or a quotient of two numbers, exactly.
ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "VFA": lambda a, b: a + b,
    "VFS": lambda a, b: a - b,
    "VFM": lambda a, b: a * b,
    "VFD": lambda a, b: a / b,
}
# Two pairs that give results which must be rounded, of either sign, whatever the operation.
ROUGH = ((0.1, 3e-9), (-1.7, 7e-10))
# For each operation operands that are no numbers, and the result.
INVALIDS = {
    "VFA": (INFINITY, INFINITY | NEGATIVE_ZERO),
    "VFS": (INFINITY, INFINITY),
    "VFM": (INFINITY, 0),
    "VFD": (0, NEGATIVE_ZERO),
}


def arithmetic_rows() -> Rows:
    for mnemonic, of in ARITHMETIC.items():
        name, code = mnemonic.lower(), f"{mnemonic} 3,4,5,3,0,0"
        first, second = (vector(map(bits, column), 64) for column in zip(*ROUGH, strict=True))
        before = {3: OLD, 4: first, 5: second}
        for mode, way in MODE_NAMES.items():
            results = [nearby(of(Fraction(a), Fraction(b)), mode) for a, b in ROUGH]
            after: dict[int, int | tuple[int, int]] = {3: vector(results, 64)}
            row = flagged_row(f"{name}-{way}", code, before, after, INEXACT, mode=mode)
            yield row, "Each element is rounded as the floating-point-control register says; the result is inexact."
        whole = {3: OLD, 4: vector((bits(12.0), bits(-6.0)), 64), 5: vector((bits(0.5), bits(2.0)), 64)}
        exact = [float(of(Fraction(a), Fraction(b))) for a, b in ((12.0, 0.5), (-6.0, 2.0))]
        row = flagged_row(f"{name}-exact", code, whole, {3: vector(map(bits, exact), 64)}, 0)
        yield row, "An exact result sets no flag."
        # Doubleword 1 would be inexact.
        single = {3: OLD, 4: whole[4] & LEFT | first & ONES, 5: whole[5] & LEFT | second & ONES}
        code_of_one = f"{mnemonic} 3,4,5,3,8,0"
        row = flagged_row(f"{name}-single", code_of_one, single, {3: (bits(exact[0]) << 64, LEFT)}, 0)
        yield row, "With the single-element control only element 0 is looked at."
        a, b = INVALIDS[mnemonic]
        pair = {3: OLD, 4: vector((a, QUIET), 64), 5: vector((b, SIGNALING), 64)}
        quieted = SIGNALING | 1 << 51
        row = flagged_row(f"{name}-invalid", code, pair, {3: vector((DEFAULT_NAN, quieted), 64)}, INVALID)
        yield (
            row,
            "An invalid operation gives the default NaN; a signaling NaN comes before a quiet one, and is made so.",
        )
        pair = {3: OLD, 4: vector((bits(1.0), QUIET), 64), 5: vector((QUIET | 1, QUIET | 2), 64)}
        row = flagged_row(f"{name}-quiet", code, pair, {3: vector((QUIET | 1, QUIET), 64)}, 0)
        yield row, "The first quiet NaN is the result."
    pair = {3: OLD, 4: vector((bits(-3.0), bits(1e300)), 64), 5: vector((0, bits(1e-300)), 64)}
    after = {3: vector((INFINITY | NEGATIVE_ZERO, INFINITY), 64)}
    row = flagged_row("vfd-by-zero", "VFD 3,4,5,3,0,0", pair, after, DIVISION_BY_ZERO | OVERFLOW | INEXACT)
    yield row, "A division by zero gives infinity, and so does an overflow."


def root_rows() -> Rows:
    code = "VFSQ 3,4,3,0"
    before = {3: OLD, 4: vector((bits(2.0), bits(6.25)), 64)}
    for mode, way in MODE_NAMES.items():
        near = math.sqrt(2.0)
        is_more = Fraction(near) ** 2 > 2
        less, more = (math.nextafter(near, 0), near) if is_more else (near, math.nextafter(near, 2))
        root = {NEAREST: near, UP: more}.get(mode, less)
        row = flagged_row(f"vfsq-{way}", code, before, {3: vector((bits(root), bits(2.5)), 64)}, INEXACT, mode=mode)
        yield row, "The square root, rounded as the floating-point-control register says."
    before = {3: OLD, 4: vector((bits(-4.0), NEGATIVE_ZERO), 64)}
    row = flagged_row("vfsq-invalid", code, before, {3: vector((DEFAULT_NAN, NEGATIVE_ZERO), 64)}, INVALID)
    yield row, "The root of a negative number is invalid; that of minus zero is minus zero."
    before = {3: OLD, 4: vector((bits(9.0), bits(2.0)), 64)}
    row = flagged_row("vfsq-single", "VFSQ 3,4,3,8", before, {3: (bits(3.0) << 64, LEFT)}, 0)
    yield row, "With the single-element control only element 0 is looked at."


def fused_rows() -> Rows:
    # Rounded once: the product by itself would be one.
    small = 2.0**-52
    operands = ((1 + small, 1 - small, 1.0), (0.1, 0.3, -1e-5))
    for mnemonic, sign in (("VFMA", 1), ("VFMS", -1)):
        signs = [(a, b, -sign * c) for a, b, c in operands]
        before = {3: OLD} | {
            4 + at: vector(map(bits, column), 64) for at, column in enumerate(zip(*signs, strict=True))
        }
        for mode, way in MODE_NAMES.items():
            results = [nearby(Fraction(a) * Fraction(b) + sign * Fraction(c), mode) for a, b, c in signs]
            after: dict[int, int | tuple[int, int]] = {3: vector(results, 64)}
            row = flagged_row(f"{mnemonic.lower()}-{way}", f"{mnemonic} 3,4,5,6,0,3", before, after, INEXACT, mode=mode)
            yield row, "A product and a sum, or a difference, rounded once."
        single = before | {4: before[4] & LEFT | QUIET, 5: before[5] & LEFT | SIGNALING}
        after = {3: (results[0] << 64, LEFT)}
        row = flagged_row(f"{mnemonic.lower()}-single", f"{mnemonic} 3,4,5,6,8,3", single, after, mode=mode)
        yield row, "With the single-element control only element 0 is looked at."
        invalid = before | {4: vector((0, bits(2.0)), 64), 5: vector((INFINITY, bits(3.0)), 64)}
        last = float(6 + sign * Fraction(0.5))
        invalid[6] = vector((bits(1.0), bits(0.5)), 64)
        after = {3: vector((DEFAULT_NAN, bits(last)), 64)}
        row = flagged_row(f"{mnemonic.lower()}-invalid", f"{mnemonic} 3,4,5,6,0,3", invalid, after, INVALID)
        yield row, "Zero times infinity is invalid."


def integer_rows() -> Rows:
    """Numbers made integers of the same format, and of the format of integers."""
    pair = (Fraction(5, 2), Fraction(-7, 2))
    before = {3: OLD, 4: vector((bits(float(each)) for each in pair), 64)}
    for method, mode in GIVEN_METHODS.items():
        whole = [rounded_integer(each, mode) for each in pair]
        row = flagged_row(f"vfi-{method}", f"VFI 3,4,3,0,{method}", before, {3: vector(map(bits, whole), 64)}, INEXACT)
        yield row, "Rounded to an integer, as the fifth operand says."
        row = flagged_row(f"vcgd-{method}", f"VCGD 3,4,3,0,{method}", before, {3: vector(whole, 64)}, INEXACT)
        yield row, "Converted to an integer with sign, rounded as the fifth operand says."
    positive = {3: OLD, 4: vector((bits(2.5), bits(2.0**63 + 2048)), 64)}
    for method, mode in GIVEN_METHODS.items():
        after: dict[int, int | tuple[int, int]] = {3: vector((rounded_integer(pair[0], mode), 2**63 + 2048), 64)}
        row = flagged_row(f"vclgd-{method}", f"VCLGD 3,4,3,0,{method}", positive, after, INEXACT)
        yield row, "Converted to an integer without sign, rounded as the fifth operand says."
    for mode, way in MODE_NAMES.items():
        whole = [rounded_integer(each, mode) for each in pair]
        row = flagged_row(f"vfi-{way}", "VFI 3,4,3,0,0", before, {3: vector(map(bits, whole), 64)}, INEXACT, mode=mode)
        yield row, "Rounded to an integer as the floating-point-control register says."
    for mnemonic in ("VFI", "VCGD", "VCLGD"):
        operand = before if mnemonic != "VCLGD" else positive
        result = (2, -3) if mnemonic != "VCLGD" else (2, 2**63 + 2048)
        after = {3: vector(map(bits, result) if mnemonic == "VFI" else result, 64)}
        row = flagged_row(f"{mnemonic.lower()}-suppressed", f"{mnemonic} 3,4,3,4,5", operand, after, 0)
        yield row, "With the IEEE-inexact-exception control one no flag says that a result is inexact."
    for mnemonic, least, most in (("VCGD", -(2**63), 2**63 - 1), ("VCLGD", 0, 2**64 - 1)):
        for name, values, results in (
            ("too-great", (bits(1e30), bits(-1e30)), (most, least)),
            ("infinite", (INFINITY, INFINITY | NEGATIVE_ZERO), (most, least)),
            ("nan", (QUIET, SIGNALING), (least, least)),
        ):
            operand, after = {3: OLD, 4: vector(values, 64)}, {3: vector(results, 64)}
            code = f"{mnemonic} 3,4,3,0,5"
            # Whether it is inexact, too, is left out.
            yield (
                flagged_row(f"{mnemonic.lower()}-{name}", code, operand, after, INVALID, uncounted_flags=INEXACT),
                "What is no integer of the format is invalid: the result is the nearest one, of a NaN the least.",
            )
    after = {3: vector((INFINITY, NEGATIVE_ZERO), 64)}
    row = flagged_row("vfi-special", "VFI 3,4,3,0,4", {3: OLD, 4: vector((INFINITY, bits(-0.25)), 64)}, after, INEXACT)
    yield row, "Infinity stays; the sign stays that of the operand."


def from_integer_rows() -> Rows:
    values = (2**62 + 2**9 + 1, -(2**62) - 3 * 2**9 + 1)
    for mnemonic in ("VCDG", "VCDLG"):
        numbers = values if mnemonic == "VCDG" else (values[0], values[1] + 2**64)
        before = {3: OLD, 4: vector(values, 64)}
        for mode, way in MODE_NAMES.items():
            results = [nearby(Fraction(each), mode) for each in numbers]
            after: dict[int, int | tuple[int, int]] = {3: vector(results, 64)}
            code = f"{mnemonic} 3,4,3,0,"
            row = flagged_row(f"{mnemonic.lower()}-{way}", f"{code}{mode + 4}", before, after, INEXACT)
            yield row, "Integers converted, rounded as the fifth operand says."
            row = flagged_row(f"{mnemonic.lower()}-register-{way}", f"{code}0", before, after, INEXACT, mode=mode)
            yield row, "Integers converted, rounded as the floating-point-control register says."


def all_rows() -> Rows:
    for rows in (arithmetic_rows, root_rows, fused_rows, integer_rows, from_integer_rows):
        yield from rows()


SECTION = CaseSection("Vector floating-point arithmetic", tuple(row.case(rule, SOURCE) for row, rule in all_rows()))
