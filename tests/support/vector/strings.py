# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector string instructions (PoP chapter 23)."""

from __future__ import annotations

from tests.support.vector.state import (
    REGISTER_BITS,
    SMALL,
    SPECIFICATION,
    Fields,
    Recognised,
    State,
    bits,
    define,
    join,
    split,
)


def found_cc(match: int, zero: int) -> int:
    """The condition code of a search, given the first element that is found and the first that is zero."""
    none = REGISTER_BITS
    if match == none:
        return 3 if zero == none else 0
    return 1 if zero == none else 2 if match < zero else 0


def first(truths: list[bool]) -> int:
    return truths.index(True) if True in truths else REGISTER_BITS


def byte_index(place: int, es: int) -> int:
    return min(place << es, 16) << 64


def _search(s: State, f: Fields, es: int, flags: int, matches: list[bool], elements: list[int]) -> None:
    """The result of VFAE and VSTRC; *flags* are IN, RT, ZS and CS."""
    if flags & 8:
        matches = [not match for match in matches]
    zero = first([flags & 2 != 0 and a == 0 for a in elements])
    index = byte_index(min(first(matches), zero), es)
    s.v[f["v1"]] = join([-match for match in matches], es) if flags & 4 else index
    if flags & 1:
        s.cc = found_cc(first(matches), zero)


@define(0x82, "VFAE", "VRR-b", "m4", SMALL)
def vfae(s: State, f: Fields) -> None:
    es = f["m4"]
    a, b = split(s.v[f["v2"]], es), split(s.v[f["v3"]], es)
    _search(s, f, es, f["m5"], [x in b for x in a], a)


@define(0x8A, "VSTRC", "VRR-d", "m5", SMALL)
def vstrc(s: State, f: Fields) -> None:
    es = f["m5"]
    a, ends, controls = (split(s.v[f[name]], es) for name in ("v2", "v3", "v4"))

    def satisfies(x: int, place: int) -> bool:
        control = controls[place] >> bits(es) - 3
        return bool(control & (4 if x == ends[place] else 2 if x < ends[place] else 1))

    matches = [any(satisfies(x, at) and satisfies(x, at + 1) for at in range(0, len(a), 2)) for x in a]
    _search(s, f, es, f["m6"], matches, a)


def _require_two_flags(f: Fields) -> None:
    if f["m5"] & 12:
        raise Recognised(SPECIFICATION)


@define(0x80, "VFEE", "VRR-b", "m4", SMALL)
def vfee(s: State, f: Fields) -> None:
    _require_two_flags(f)
    es = f["m4"]
    a, b = split(s.v[f["v2"]], es), split(s.v[f["v3"]], es)
    match = first([x == y for x, y in zip(a, b, strict=True)])
    zero = first([f["m5"] & 2 != 0 and x == 0 for x in a])
    s.v[f["v1"]] = byte_index(min(match, zero), es)
    if f["m5"] & 1:
        s.cc = found_cc(match, zero)


@define(0x81, "VFENE", "VRR-b", "m4", SMALL)
def vfene(s: State, f: Fields) -> None:
    _require_two_flags(f)
    es = f["m4"]
    a, b = split(s.v[f["v2"]], es), split(s.v[f["v3"]], es)
    differs = first([x != y for x, y in zip(a, b, strict=True)])
    zero = first([f["m5"] & 2 != 0 and x == 0 for x in a])
    s.v[f["v1"]] = byte_index(min(differs, zero), es)
    if f["m5"] & 1:
        if differs == zero == REGISTER_BITS:
            s.cc = 3
        elif zero < differs:
            s.cc = 0
        else:
            s.cc = 1 if a[differs] < b[differs] else 2


@define(0x5C, "VISTR", "VRR-a", "m3", SMALL)
def vistr(s: State, f: Fields) -> None:
    if f["m5"] & 14:
        raise Recognised(SPECIFICATION)
    a = split(s.v[f["v2"]], f["m3"])
    zero = first([x == 0 for x in a])
    s.v[f["v1"]] = join([x if place < zero else 0 for place, x in enumerate(a)], f["m3"])
    if f["m5"] & 1:
        s.cc = 3 if zero == REGISTER_BITS else 0
