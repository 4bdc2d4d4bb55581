# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector floating-point instructions (PoP chapter 24); of the vector facility is only the long format."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.support.vector.numbers import (
    INEXACT,
    INVALID,
    LONG,
    OF_FPC,
    ORDER,
    add,
    divide,
    from_fixed,
    from_logical,
    is_negative,
    lengthen,
    multiply,
    multiply_and_add,
    multiply_and_subtract,
    shorten,
    square_root,
    subtract,
    to_fixed,
    to_integer,
    to_logical,
    value,
)
from tests.support.vector.state import (
    SPECIFICATION,
    VECTOR_PROCESSING,
    Fields,
    Recognised,
    State,
    cc_of_all,
    define,
    join,
    split,
)


def current_mode(s: State) -> int:
    return OF_FPC[s.fpc & 7]


def chosen_mode(s: State, m5: int) -> int:
    if m5 == 2 or m5 > 7:
        raise Recognised(SPECIFICATION)
    return m5 or current_mode(s)


def signal(s: State, found: list[int], *, apart: int = 1) -> None:
    """Recognise the exceptions *found* for each element; the first that has its mask on ends the instruction.

    :param apart: how far apart the elements are in the second operand.
    """
    masks = s.fpc >> 24
    for index, flags in enumerate(found):
        for place, flag in enumerate(ORDER):
            if flags & masks & flag:
                raise Recognised(VECTOR_PROCESSING, apart * index << 4 | place + 1)
    for flags in found:
        s.fpc |= flags << 16


def elements(single: int) -> range:
    return range(1 if single & 8 else 2)


def finish(s: State, f: Fields, single: int, outcomes: list[tuple[int, int]], *, apart: int = 1) -> None:
    signal(s, [flags for _, flags in outcomes], apart=apart)
    result = [datum for datum, _ in outcomes]
    if single & 8:
        result.append(0)
        s.unpredictable.update(range(8, 16))
    s.v[f["v1"]] = join(result, 3)


def require(is_valid: bool) -> None:
    if not is_valid:
        raise Recognised(SPECIFICATION)


Binary = Callable[[int, int, int, int], tuple[int, int]]
Ternary = Callable[[int, int, int, int, int], tuple[int, int]]
Converting = Callable[[int, int, int], tuple[int, int]]


def of_two(opcode: int, name: str, rule: Binary) -> None:
    @define(opcode, name, "VRR-c", "m4", (3,))
    def execute(s: State, f: Fields) -> None:
        require(not f["m5"] & 7)
        a, b = split(s.v[f["v2"]], 3), split(s.v[f["v3"]], 3)
        outcomes = [rule(a[at], b[at], current_mode(s), s.fpc >> 24) for at in elements(f["m5"])]
        finish(s, f, f["m5"], outcomes)


of_two(0xE3, "VFA", add)
of_two(0xE2, "VFS", subtract)
of_two(0xE7, "VFM", multiply)
of_two(0xE5, "VFD", divide)


def of_three(opcode: int, name: str, rule: Ternary) -> None:
    @define(opcode, name, "VRR-e", "m6", (3,))
    def execute(s: State, f: Fields) -> None:
        require(not f["m5"] & 7)
        a, b, c = (split(s.v[f[register]], 3) for register in ("v2", "v3", "v4"))
        outcomes = [rule(a[at], b[at], c[at], current_mode(s), s.fpc >> 24) for at in elements(f["m5"])]
        finish(s, f, f["m5"], outcomes)


of_three(0x8F, "VFMA", multiply_and_add)
of_three(0x8E, "VFMS", multiply_and_subtract)


@define(0xCE, "VFSQ", "VRR-a", "m3", (3,))
def vfsq(s: State, f: Fields) -> None:
    require(not f["m4"] & 7)
    a = split(s.v[f["v2"]], 3)
    finish(s, f, f["m4"], [square_root(a[at], current_mode(s), s.fpc >> 24) for at in elements(f["m4"])])


def converting(opcode: int, name: str, rule: Converting) -> None:
    @define(opcode, name, "VRR-a", "m3", (3,))
    def execute(s: State, f: Fields) -> None:
        require(not f["m4"] & 3)
        mode = chosen_mode(s, f["m5"])
        a = split(s.v[f["v2"]], 3)
        outcomes = [rule(a[at], mode, s.fpc >> 24) for at in elements(f["m4"])]
        if f["m4"] & 4:
            outcomes = [(datum, flags & ~INEXACT) for datum, flags in outcomes]
        finish(s, f, f["m4"], outcomes)


converting(0xC7, "VFI", to_integer)
converting(0xC3, "VCDG", from_fixed)
converting(0xC1, "VCDLG", from_logical)
converting(0xC2, "VCGD", to_fixed)
converting(0xC0, "VCLGD", to_logical)


@define(0xC5, "VLED", "VRR-a", "m3", (3,))
def vled(s: State, f: Fields) -> None:
    require(not f["m4"] & 3)
    mode = chosen_mode(s, f["m5"])
    a = split(s.v[f["v2"]], 3)
    outcomes = [shorten(a[at], mode, s.fpc >> 24) for at in elements(f["m4"])]
    if f["m4"] & 4:
        outcomes = [(datum, flags & ~INEXACT) for datum, flags in outcomes]
    finish(s, f, f["m4"], [(datum << 32, flags) for datum, flags in outcomes])
    s.unpredictable.update((4, 5, 6, 7, 12, 13, 14, 15))


@define(0xC4, "VLDE", "VRR-a", "m3", (2,))
def vlde(s: State, f: Fields) -> None:
    require(not f["m4"] & 7)
    a = split(s.v[f["v2"]], 2)[::2]
    finish(s, f, f["m4"], [lengthen(a[at]) for at in elements(f["m4"])], apart=2)


@define(0xCC, "VFPSO", "VRR-a", "m3", (3,))
def vfpso(s: State, f: Fields) -> None:
    require(not f["m4"] & 7 and f["m5"] <= 2)
    rule = (lambda a: a ^ LONG.sign, lambda a: a | LONG.sign, lambda a: a & ~LONG.sign)[f["m5"]]
    a = split(s.v[f["v2"]], 3)
    finish(s, f, f["m4"], [(rule(a[at]), 0) for at in elements(f["m4"])])


def data_class(a: int) -> int:
    """The bit of *a* in the mask of VFTCI."""
    x = value(a, LONG)
    if isinstance(x, Fraction):
        place = 2 if a & LONG.infinity else 4
    else:
        place = {"zero": 0, "infinity": 6, "quiet": 8, "signaling": 10}[x]
    return 0x800 >> place + is_negative(a, LONG)


@define(0x4A, "VFTCI", "VRI-e", "m4", (3,))
def vftci(s: State, f: Fields) -> None:
    require(not f["m5"] & 7)
    a = split(s.v[f["v2"]], 3)
    truths = [bool(data_class(a[at]) & f["i3"]) for at in elements(f["m5"])]
    finish(s, f, f["m5"], [(-truth, 0) for truth in truths])
    s.cc = cc_of_all(truths)


def order(a: int, b: int, *, signals: bool) -> tuple[int, int]:
    """Condition code and exceptions of comparing *a* with *b*."""
    x, y = value(a, LONG), value(b, LONG)
    nans = {x, y} & {"quiet", "signaling"}
    if nans:
        return 3, INVALID if signals or "signaling" in nans else 0
    ranks = [_rank(a), _rank(b)]
    return (0 if ranks[0] == ranks[1] else 1 if ranks[0] < ranks[1] else 2), 0


def _rank(a: int) -> int:
    magnitude = a & ~LONG.sign
    return -magnitude if a & LONG.sign else magnitude


def comparing(opcode: int, name: str, true_for: tuple[int, ...]) -> None:
    @define(opcode, name, "VRR-c", "m4", (3,))
    def execute(s: State, f: Fields) -> None:
        require(not f["m5"] & 7 and not f["m6"] & 14)
        a, b = split(s.v[f["v2"]], 3), split(s.v[f["v3"]], 3)
        found = [order(a[at], b[at], signals=False) for at in elements(f["m5"])]
        truths = [code in true_for for code, _ in found]
        finish(s, f, f["m5"], [(-truth, flags) for truth, (_, flags) in zip(truths, found, strict=True)])
        if f["m6"] & 1:
            s.cc = cc_of_all(truths)


comparing(0xE8, "VFCE", (0,))
comparing(0xEB, "VFCH", (2,))
comparing(0xEA, "VFCHE", (0, 2))


def comparing_scalars(opcode: int, name: str, *, signals: bool) -> None:
    @define(opcode, name, "VRR-a", "m3", (3,))
    def execute(s: State, f: Fields) -> None:
        require(not f["m4"])
        code, flags = order(split(s.v[f["v1"]], 3)[0], split(s.v[f["v2"]], 3)[0], signals=signals)
        signal(s, [flags])
        s.cc = code


comparing_scalars(0xCB, "WFC", signals=False)
comparing_scalars(0xCA, "WFK", signals=True)
