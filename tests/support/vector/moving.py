# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector support instructions that move elements between registers (PoP chapter 21)."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.vector.state import (
    SIZES,
    SMALL,
    SPECIFICATION,
    Fields,
    Recognised,
    State,
    all_ones,
    bits,
    define,
    join,
    signed,
    split,
)


def _merge(opcode: int, name: str, *, low: bool) -> None:
    @define(opcode, name, "VRR-c", "m4", SIZES)
    def execute(s: State, f: Fields) -> None:
        es = f["m4"]
        a, b = split(s.v[f["v2"]], es), split(s.v[f["v3"]], es)
        half = len(a) // 2
        part = slice(half, None) if low else slice(half)
        s.v[f["v1"]] = join([x for pair in zip(a[part], b[part], strict=True) for x in pair], es)


_merge(0x61, "VMRH", low=False)
_merge(0x60, "VMRL", low=True)


def pack(opcode: int, name: str, limit: Callable[[int, int], int]) -> None:
    """Elements become half as long; *limit* gives a saturated element of size *es* from one twice as long."""

    @define(opcode, name, "VRR-c" if name == "VPK" else "VRR-b", "m4", (1, 2, 3))
    def execute(s: State, f: Fields) -> None:
        es = f["m4"]
        source = split(s.v[f["v2"]], es) + split(s.v[f["v3"]], es)
        result = [limit(a, es - 1) & all_ones(es - 1) for a in source]
        if name != "VPK" and f["m5"] & 1:
            is_same = (lambda a, b: signed(a, es) == signed(b, es - 1)) if name == "VPKS" else (lambda a, b: a == b)
            saturated = [not is_same(a, b) for a, b in zip(source, result, strict=True)]
            s.cc = 3 if all(saturated) else 1 if any(saturated) else 0
        s.v[f["v1"]] = join(result, es - 1)


pack(0x94, "VPK", lambda a, _: a)
pack(0x97, "VPKS", lambda a, es: min(max(signed(a, es + 1), -1 << bits(es) - 1), (1 << bits(es) - 1) - 1))
pack(0x95, "VPKLS", lambda a, es: min(a, all_ones(es)))


def unpack(opcode: int, name: str, *, low: bool, is_signed: bool) -> None:
    @define(opcode, name, "VRR-a", "m3", SMALL)
    def execute(s: State, f: Fields) -> None:
        es = f["m3"]
        a = split(s.v[f["v2"]], es)
        a = a[len(a) // 2 :] if low else a[: len(a) // 2]
        s.v[f["v1"]] = join([signed(x, es) if is_signed else x for x in a], es + 1)


unpack(0xD7, "VUPH", low=False, is_signed=True)
unpack(0xD5, "VUPLH", low=False, is_signed=False)
unpack(0xD6, "VUPL", low=True, is_signed=True)
unpack(0xD4, "VUPLL", low=True, is_signed=False)


@define(0x8C, "VPERM", "VRR-e")
def vperm(s: State, f: Fields) -> None:
    source = split(s.v[f["v2"]], 0) + split(s.v[f["v3"]], 0)
    s.v[f["v1"]] = join([source[index & 31] for index in split(s.v[f["v4"]], 0)], 0)


@define(0x84, "VPDI", "VRR-c")
def vpdi(s: State, f: Fields) -> None:
    left, right = split(s.v[f["v2"]], 3)[f["m4"] >> 2 & 1], split(s.v[f["v3"]], 3)[f["m4"] & 1]
    s.v[f["v1"]] = join([left, right], 3)


@define(0x8D, "VSEL", "VRR-e")
def vsel(s: State, f: Fields) -> None:
    mask = s.v[f["v4"]]
    s.v[f["v1"]] = s.v[f["v2"]] & mask | s.v[f["v3"]] & ~mask


@define(0x5F, "VSEG", "VRR-a", "m3", SMALL)
def vseg(s: State, f: Fields) -> None:
    halves = (half & all_ones(f["m3"]) for half in split(s.v[f["v2"]], 3))
    s.v[f["v1"]] = join([signed(half, f["m3"]) for half in halves], 3)


@define(0x4D, "VREP", "VRI-c", "m4", SIZES)
def vrep(s: State, f: Fields) -> None:
    elements = split(s.v[f["v3"]], f["m4"])
    if f["i2"] >= len(elements):
        raise Recognised(SPECIFICATION)
    s.v[f["v1"]] = join([elements[f["i2"]]] * len(elements), f["m4"])


@define(0x45, "VREPI", "VRI-a", "m3", SIZES)
def vrepi(s: State, f: Fields) -> None:
    s.v[f["v1"]] = join([signed(f["i2"], 1)] * (16 >> f["m3"]), f["m3"])


@define(0x56, "VLR", "VRR-a")
def vlr(s: State, f: Fields) -> None:
    s.v[f["v1"]] = s.v[f["v2"]]


@define(0x62, "VLVGP", "VRR-f")
def vlvgp(s: State, f: Fields) -> None:
    s.v[f["v1"]] = join([s.gr[f["r2"]], s.gr[f["r3"]]], 3)


@define(0x22, "VLVG", "VRS-b", "m4", SIZES)
def vlvg(s: State, f: Fields) -> None:
    elements = split(s.v[f["v1"]], f["m4"])
    place = s.address(f)
    if place >= len(elements):
        s.unpredictable.update(range(16))
    elements[place % len(elements)] = s.gr[f["r3"]]
    s.v[f["v1"]] = join(elements, f["m4"])


@define(0x21, "VLGV", "VRS-c", "m4", SIZES)
def vlgv(s: State, f: Fields) -> None:
    elements = split(s.v[f["v3"]], f["m4"])
    place = s.address(f)
    if place >= len(elements):
        s.unpredictable.add(-1)
    s.gr[f["r1"]] = elements[place % len(elements)]


@define(0x44, "VGBM", "VRI-a")
def vgbm(s: State, f: Fields) -> None:
    s.v[f["v1"]] = join([-(f["i2"] >> 15 - place & 1) for place in range(16)], 0)


@define(0x46, "VGM", "VRI-b", "m4", SIZES)
def vgm(s: State, f: Fields) -> None:
    width = bits(f["m4"])
    first, last = f["i2"] % width, f["i3"] % width
    chosen = range(first, last + 1) if first <= last else (*range(first, width), *range(last + 1))
    s.v[f["v1"]] = join([sum(1 << width - 1 - place for place in chosen)] * (128 // width), f["m4"])


def load_element_immediate(opcode: int, name: str, es: int) -> None:
    @define(opcode, name, "VRI-a", "m3", range(16 >> es))
    def execute(s: State, f: Fields) -> None:
        elements = split(s.v[f["v1"]], es)
        elements[f["m3"]] = signed(f["i2"], 1)
        s.v[f["v1"]] = join(elements, es)


for _name, _opcode, _es in (("VLEIB", 0x40, 0), ("VLEIH", 0x41, 1), ("VLEIF", 0x43, 2), ("VLEIG", 0x42, 3)):
    load_element_immediate(_opcode, _name, _es)
