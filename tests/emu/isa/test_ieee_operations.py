# SPDX-License-Identifier: GPL-2.0-or-later
"""The operations on data, held against the arithmetic of the host and against exact fractions."""

from __future__ import annotations

import math
import random
import struct
from fractions import Fraction

import pytest

from emu.cpu import Cpu
from emu.isa import ieee_operations
from emu.isa.binary_floating_point import LONG, SHORT, BfpFormat, DataClass, Datum, Rounding, unpack
from emu.isa.ieee_arithmetic import complete

EXAMPLES = 2000
NAN_MASK = 0x7FF8 << 48


def number(bits: int) -> float:
    (value,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    return float(value)


def bits_of(value: float) -> int:
    return int.from_bytes(struct.pack(">d", value), "big")


def random_bits(rng: random.Random) -> int:
    kind = rng.random()
    if kind < 0.1:
        return rng.choice((0, 1, 0x7FEF_FFFF_FFFF_FFFF, 0x7FF0 << 48, 0x0010 << 48)) | rng.getrandbits(1) << 63
    if kind < 0.3:
        return rng.getrandbits(1) << 63 | rng.getrandbits(53)
    if kind < 0.6:
        return rng.getrandbits(1) << 63 | (1023 + rng.randrange(-60, 60)) << 52 | rng.getrandbits(52)
    return rng.getrandbits(1) << 63 | rng.randrange(2047) << 52 | rng.getrandbits(52)


def by_host(name: str, first: float, second: float) -> float:
    if name == "divide":
        if second == 0:
            if first == 0:
                return math.nan
            return math.copysign(math.inf, math.copysign(1, first) * math.copysign(1, second))
        return first / second
    return {"add": first + second, "subtract": first - second, "multiply": first * second}[name]


@pytest.mark.parametrize("name", ("add", "subtract", "multiply", "divide"))
def test_long_to_nearest_as_the_host_has_it(cpu: Cpu, name: str) -> None:
    rng = random.Random(name)
    for _ in range(EXAMPLES):
        first, second = random_bits(rng), random_bits(rng)
        result = getattr(ieee_operations, name)(cpu, unpack(first, LONG), unpack(second, LONG), LONG)
        expected = by_host(name, number(first), number(second))
        if math.isnan(expected):
            assert result.value == NAN_MASK
        else:
            assert result.value == bits_of(expected), (hex(first), hex(second))


def test_roots_as_the_host_has_them(cpu: Cpu) -> None:
    rng = random.Random(1)
    for _ in range(EXAMPLES):
        bits = random_bits(rng) & (1 << 63) - 1
        assert ieee_operations.square_root(cpu, unpack(bits, LONG), LONG).value == bits_of(math.sqrt(number(bits)))


def neighbours(exact: Fraction, form: BfpFormat) -> tuple[int, int]:
    """The greatest datum of *form* not above the positive number *exact*, and the one after it."""
    low, high = 0, form.infinity - 1
    while low < high:
        middle = (low + high + 1) // 2
        if value_of(middle, form) <= exact:
            low = middle
        else:
            high = middle - 1
    return low, low + 1


def value_of(bits: int, form: BfpFormat) -> Fraction:
    datum = unpack(bits, form)
    return Fraction(datum.significand) * Fraction(2) ** datum.exponent


@pytest.mark.parametrize("method", [each for each in Rounding if each is not Rounding.CURRENT])
def test_rounding_methods(cpu: Cpu, method: Rounding) -> None:
    """PoP 9, "Rounding": the two neighbours of the precise value, and which of them is taken."""
    rng = random.Random(method)
    for _ in range(300):
        precise = Datum(
            DataClass.NUMBER,
            rng.random() < 0.5,
            rng.getrandbits(rng.choice((10, 25, 26, 60))) | 1,
            rng.randrange(-175, 60),
        )
        exact = Fraction(precise.significand) * Fraction(2) ** precise.exponent
        lower, upper = neighbours(exact, SHORT)
        below, above = exact - value_of(lower, SHORT), value_of(upper, SHORT) - exact
        nearest = lower if below < above else upper if above < below else None
        if (
            below == 0
            or method is Rounding.TOWARD_ZERO
            or method is (Rounding.UP if precise.negative else Rounding.DOWN)
        ):
            expected = lower
        elif method in (Rounding.UP, Rounding.DOWN):
            expected = upper
        elif method is Rounding.PREPARE_SHORTER:
            expected = lower if lower & 1 else upper
        elif nearest is not None:
            expected = nearest
        else:
            expected = upper if method is Rounding.NEAREST_AWAY else lower + (lower & 1)
        cpu.registers.fpc = 0
        result = complete(cpu, precise, SHORT, method)
        assert result.value == precise.negative << 31 | expected
        flags = cpu.registers.fpc >> 16
        is_tiny = exact < value_of(1 << 23, SHORT)
        assert flags == (0x08 if below else 0) | (0x10 if below and is_tiny else 0)


@pytest.mark.parametrize(
    ("method", "positive", "negative"),
    (
        (Rounding.NEAREST_EVEN, 0x7F80_0000, 0xFF80_0000),
        (Rounding.NEAREST_AWAY, 0x7F80_0000, 0xFF80_0000),
        (Rounding.TOWARD_ZERO, 0x7F7F_FFFF, 0xFF7F_FFFF),
        (Rounding.PREPARE_SHORTER, 0x7F7F_FFFF, 0xFF7F_FFFF),
        (Rounding.UP, 0x7F80_0000, 0xFF7F_FFFF),
        (Rounding.DOWN, 0x7F7F_FFFF, 0xFF80_0000),
    ),
)
def test_overflow(cpu: Cpu, method: Rounding, positive: int, negative: int) -> None:
    for is_negative, expected in ((False, positive), (True, negative)):
        cpu.registers.fpc = 0
        assert complete(cpu, Datum(DataClass.NUMBER, is_negative, 1, 128), SHORT, method).value == expected
        assert cpu.registers.fpc == 0x0028_0000


def test_a_product_is_not_rounded_before_it_is_added(cpu: Cpu) -> None:
    first, second = unpack(0xBFF0_0000_0000_0002, LONG), unpack(0x3FF0_0000_0000_0001, LONG)
    assert ieee_operations.multiply_and_add(cpu, first, second, second, LONG).value == (1023 - 104) << 52
