# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector integer instructions, element by element (PoP chapter 22)."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.vector.state import (
    SIZES,
    SMALL,
    WITH_QUADWORD,
    Fields,
    State,
    all_ones,
    bits,
    define,
    join,
    signed,
    split,
)


def clear_after_multiply(a: int, b: int) -> int:
    """The product of polynomials over the field of two elements."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = a << 1, b >> 1
    return product


def unary(opcode: int, name: str, sizes: range, rule: Callable[[int, int], int]) -> None:
    @define(opcode, name, "VRR-a", "m3", sizes)
    def execute(s: State, f: Fields) -> None:
        es = f["m3"]
        s.v[f["v1"]] = join([rule(a, es) for a in split(s.v[f["v2"]], es)], es)


def binary(opcode: int, name: str, sizes: range, rule: Callable[[int, int, int], int]) -> None:
    @define(opcode, name, "VRR-c", "m4", sizes)
    def execute(s: State, f: Fields) -> None:
        es = f["m4"]
        pairs = zip(split(s.v[f["v2"]], es), split(s.v[f["v3"]], es), strict=True)
        s.v[f["v1"]] = join([rule(a, b, es) for a, b in pairs], es)


def bitwise(opcode: int, name: str, rule: Callable[[int, int], int]) -> None:
    @define(opcode, name, "VRR-c")
    def execute(s: State, f: Fields) -> None:
        s.v[f["v1"]] = rule(s.v[f["v2"]], s.v[f["v3"]]) & all_ones(4)


def leading_zeros(a: int, es: int) -> int:
    return bits(es) - a.bit_length()


def trailing_zeros(a: int, es: int) -> int:
    return (a & -a).bit_length() - 1 if a else bits(es)


def rotate(a: int, count: int, es: int) -> int:
    count %= bits(es)
    return a << count | a >> bits(es) - count


unary(0x53, "VCLZ", SIZES, leading_zeros)
unary(0x52, "VCTZ", SIZES, trailing_zeros)
unary(0xDE, "VLC", SIZES, lambda a, _: -a)
unary(0xDF, "VLP", SIZES, lambda a, es: abs(signed(a, es)))
unary(0x50, "VPOPCT", range(1), lambda a, _: a.bit_count())

binary(0xF3, "VA", WITH_QUADWORD, lambda a, b, _: a + b)
binary(0xF1, "VACC", WITH_QUADWORD, lambda a, b, es: a + b >> bits(es))
binary(0xF7, "VS", WITH_QUADWORD, lambda a, b, _: a - b)
binary(0xF5, "VSCBI", WITH_QUADWORD, lambda a, b, _: int(a >= b))
binary(0xF2, "VAVG", SIZES, lambda a, b, es: signed(a, es) + signed(b, es) + 1 >> 1)
binary(0xF0, "VAVGL", SIZES, lambda a, b, _: a + b + 1 >> 1)
binary(0xFF, "VMX", SIZES, lambda a, b, es: max(a, b, key=lambda x: signed(x, es)))
binary(0xFD, "VMXL", SIZES, lambda a, b, _: max(a, b))
binary(0xFE, "VMN", SIZES, lambda a, b, es: min(a, b, key=lambda x: signed(x, es)))
binary(0xFC, "VMNL", SIZES, lambda a, b, _: min(a, b))
binary(0xA2, "VML", SMALL, lambda a, b, _: a * b)
binary(0xA3, "VMH", SMALL, lambda a, b, es: signed(a, es) * signed(b, es) >> bits(es))
binary(0xA1, "VMLH", SMALL, lambda a, b, es: a * b >> bits(es))
binary(0x73, "VERLLV", SIZES, rotate)
binary(0x70, "VESLV", SIZES, lambda a, b, es: a << b % bits(es))
binary(0x7A, "VESRAV", SIZES, lambda a, b, es: signed(a, es) >> b % bits(es))
binary(0x78, "VESRLV", SIZES, lambda a, b, es: a >> b % bits(es))

bitwise(0x68, "VN", lambda a, b: a & b)
bitwise(0x69, "VNC", lambda a, b: a & ~b)
bitwise(0x6B, "VNO", lambda a, b: ~(a | b))
bitwise(0x6A, "VO", lambda a, b: a | b)
bitwise(0x6D, "VX", lambda a, b: a ^ b)


def shift(opcode: int, name: str, rule: Callable[[int, int, int], int]) -> None:
    @define(opcode, name, "VRS-a", "m4", SIZES)
    def execute(s: State, f: Fields) -> None:
        es = f["m4"]
        count = s.address(f) % bits(es)
        s.v[f["v1"]] = join([rule(a, count, es) for a in split(s.v[f["v3"]], es)], es)


shift(0x33, "VERLL", rotate)
shift(0x30, "VESL", lambda a, n, _: a << n)
shift(0x3A, "VESRA", lambda a, n, es: signed(a, es) >> n)
shift(0x38, "VESRL", lambda a, n, _: a >> n)


@define(0x72, "VERIM", "VRI-d", "m5", SIZES)
def verim(s: State, f: Fields) -> None:
    es = f["m5"]
    rows = zip(*(split(s.v[f[name]], es) for name in ("v1", "v2", "v3")), strict=True)
    s.v[f["v1"]] = join([a & ~mask | rotate(b, f["i4"], es) & mask for a, b, mask in rows], es)


# Products longer than their factors: even and odd elements


def long_product(opcode: int, name: str, *, odd: int, is_signed: bool, adds: bool) -> None:
    form, size = ("VRR-d", "m5") if adds else ("VRR-c", "m4")

    @define(opcode, name, form, size, SMALL)
    def execute(s: State, f: Fields) -> None:
        es = f[size]
        a, b = split(s.v[f["v2"]], es)[odd::2], split(s.v[f["v3"]], es)[odd::2]
        c = split(s.v[f["v4"]], es + 1) if adds else [0] * len(a)
        if is_signed:
            a, b = [signed(x, es) for x in a], [signed(x, es) for x in b]
        s.v[f["v1"]] = join([x * y + z for x, y, z in zip(a, b, c, strict=True)], es + 1)


for _letter, _odd, _opcodes in (("E", 0, (0xA6, 0xA4, 0xAE, 0xAC)), ("O", 1, (0xA7, 0xA5, 0xAF, 0xAD))):
    long_product(_opcodes[0], f"VM{_letter}", odd=_odd, is_signed=True, adds=False)
    long_product(_opcodes[1], f"VML{_letter}", odd=_odd, is_signed=False, adds=False)
    long_product(_opcodes[2], f"VMA{_letter}", odd=_odd, is_signed=True, adds=True)
    long_product(_opcodes[3], f"VMAL{_letter}", odd=_odd, is_signed=False, adds=True)


def multiply_and_add(opcode: int, name: str, *, is_signed: bool, is_high: bool) -> None:
    @define(opcode, name, "VRR-d", "m5", SMALL)
    def execute(s: State, f: Fields) -> None:
        es = f["m5"]
        rows = zip(*(split(s.v[f[register]], es) for register in ("v2", "v3", "v4")), strict=True)
        result = []
        for row in rows:
            a, b, c = (signed(x, es) for x in row) if is_signed else row
            result.append(a * b + c >> bits(es) if is_high else a * b + c)
        s.v[f["v1"]] = join(result, es)


multiply_and_add(0xAA, "VMAL", is_signed=False, is_high=False)
multiply_and_add(0xAB, "VMAH", is_signed=True, is_high=True)
multiply_and_add(0xA9, "VMALH", is_signed=False, is_high=True)


def _galois(s: State, f: Fields, es: int) -> list[int]:
    rows = list(zip(split(s.v[f["v2"]], es), split(s.v[f["v3"]], es), strict=True))
    products = [clear_after_multiply(a, b) for a, b in rows]
    return [left ^ right for left, right in zip(products[::2], products[1::2], strict=True)]


@define(0xB4, "VGFM", "VRR-c", "m4", SIZES)
def vgfm(s: State, f: Fields) -> None:
    s.v[f["v1"]] = join(_galois(s, f, f["m4"]), f["m4"] + 1)


@define(0xBC, "VGFMA", "VRR-d", "m5", SIZES)
def vgfma(s: State, f: Fields) -> None:
    es = f["m5"]
    rows = zip(_galois(s, f, es), split(s.v[f["v4"]], es + 1), strict=True)
    s.v[f["v1"]] = join([a ^ b for a, b in rows], es + 1)


# Quadwords with carry


def with_carry(opcode: int, name: str, rule: Callable[[int, int, int], int]) -> None:
    @define(opcode, name, "VRR-d", "m5", (4,))
    def execute(s: State, f: Fields) -> None:
        s.v[f["v1"]] = rule(s.v[f["v2"]], s.v[f["v3"]], s.v[f["v4"]] & 1) & all_ones(4)


with_carry(0xBB, "VAC", lambda a, b, c: a + b + c)
with_carry(0xB9, "VACCC", lambda a, b, c: a + b + c >> 128)
with_carry(0xBF, "VSBI", lambda a, b, c: a - b - 1 + c)
with_carry(0xBD, "VSBCBI", lambda a, b, c: int(a - b - 1 + c >= 0))
