# SPDX-License-Identifier: GPL-2.0-or-later
"""Sums, comparisons and shifts of vector registers (PoP chapter 22)."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.vector.state import (
    EQUAL,
    HIGH,
    LOW,
    SIZES,
    Fields,
    State,
    all_ones,
    cc_of_all,
    define,
    join,
    signed,
    split,
)

# Sums


@define(0x66, "VCKSM", "VRR-c")
def vcksm(s: State, f: Fields) -> None:
    total = split(s.v[f["v3"]], 2)[1]
    for word in split(s.v[f["v2"]], 2):
        total += word
        total = (total & 0xFFFF_FFFF) + (total >> 32)
    s.v[f["v1"]] = total << 64


def sum_across(opcode: int, name: str, sizes: tuple[int, ...], result: int) -> None:
    @define(opcode, name, "VRR-c", "m4", sizes)
    def execute(s: State, f: Fields) -> None:
        es = f["m4"]
        a, last = split(s.v[f["v2"]], es), split(s.v[f["v3"]], es)
        each = 1 << result - es
        sums = [sum(a[at : at + each]) + last[at + each - 1] for at in range(0, len(a), each)]
        s.v[f["v1"]] = join(sums, result)


sum_across(0x64, "VSUM", (0, 1), 2)
sum_across(0x65, "VSUMG", (1, 2), 3)
sum_across(0x67, "VSUMQ", (2, 3), 4)


# Comparing


def compare_element(opcode: int, name: str, *, is_signed: bool) -> None:
    @define(opcode, name, "VRR-a", "m3", SIZES)
    def execute(s: State, f: Fields) -> None:
        es = f["m3"]
        place = (8 >> es) - 1
        a, b = split(s.v[f["v1"]], es)[place], split(s.v[f["v2"]], es)[place]
        if is_signed:
            a, b = signed(a, es), signed(b, es)
        s.cc = EQUAL if a == b else LOW if a < b else HIGH


compare_element(0xDB, "VEC", is_signed=True)
compare_element(0xD9, "VECL", is_signed=False)


def compare(opcode: int, name: str, rule: Callable[[int, int, int], bool]) -> None:
    @define(opcode, name, "VRR-b", "m4", SIZES)
    def execute(s: State, f: Fields) -> None:
        es = f["m4"]
        truths = [rule(a, b, es) for a, b in zip(split(s.v[f["v2"]], es), split(s.v[f["v3"]], es), strict=True)]
        s.v[f["v1"]] = join([-truth for truth in truths], es)
        if f["m5"] & 1:
            s.cc = cc_of_all(truths)


compare(0xF8, "VCEQ", lambda a, b, _: a == b)
compare(0xFB, "VCH", lambda a, b, es: signed(a, es) > signed(b, es))
compare(0xF9, "VCHL", lambda a, b, _: a > b)


@define(0xD8, "VTM", "VRR-a")
def vtm(s: State, f: Fields) -> None:
    a, mask = s.v[f["v1"]], s.v[f["v2"]]
    s.cc = 0 if not a & mask else 3 if a & mask == mask else 1


# Shifts of the whole register


def shift_whole(opcode: int, name: str, rule: Callable[[int, int], int], *, by_byte: bool) -> None:
    @define(opcode, name, "VRR-c")
    def execute(s: State, f: Fields) -> None:
        octets = split(s.v[f["v3"]], 0)
        count = octets[7] >> 3 & 15 if by_byte else octets[15] & 7
        if not by_byte and any(octet & 7 != count for octet in octets):
            s.unpredictable.update(range(16))
        s.v[f["v1"]] = rule(s.v[f["v2"]], 8 * count if by_byte else count) & all_ones(4)


shift_whole(0x74, "VSL", lambda a, n: a << n, by_byte=False)
shift_whole(0x75, "VSLB", lambda a, n: a << n, by_byte=True)
shift_whole(0x7E, "VSRA", lambda a, n: signed(a, 4) >> n, by_byte=False)
shift_whole(0x7F, "VSRAB", lambda a, n: signed(a, 4) >> n, by_byte=True)
shift_whole(0x7C, "VSRL", lambda a, n: a >> n, by_byte=False)
shift_whole(0x7D, "VSRLB", lambda a, n: a >> n, by_byte=True)


@define(0x77, "VSLDB", "VRI-d")
def vsldb(s: State, f: Fields) -> None:
    if f["i4"] > 15:
        s.unpredictable.update(range(16))
    s.v[f["v1"]] = (s.v[f["v2"]] << 128 | s.v[f["v3"]]) << 8 * (f["i4"] & 15) >> 128 & all_ones(4)
