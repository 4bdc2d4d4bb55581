# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector support instructions that access storage (PoP chapter 21)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.vector.state import SIZES, SPECIFICATION, Fields, Recognised, State, define, join, split


@define(0x06, "VL", "VRX")
def vl(s: State, f: Fields) -> None:
    s.v[f["v1"]] = s.load(s.address(f), 16)


@define(0x0E, "VST", "VRX")
def vst(s: State, f: Fields) -> None:
    s.store(s.address(f), 16, s.v[f["v1"]])


@define(0x05, "VLREP", "VRX", "m3", SIZES)
def vlrep(s: State, f: Fields) -> None:
    es = f["m3"]
    s.v[f["v1"]] = join([s.load(s.address(f), 1 << es)] * (16 >> es), es)


@define(0x04, "VLLEZ", "VRX", "m3", SIZES)
def vllez(s: State, f: Fields) -> None:
    s.v[f["v1"]] = s.load(s.address(f), 1 << f["m3"]) << 64


def element_in_storage(suffix: str, load: int, store: int, es: int) -> None:
    @define(load, f"VLE{suffix}", "VRX", "m3", range(16 >> es))
    def load_element(s: State, f: Fields) -> None:
        elements = split(s.v[f["v1"]], es)
        elements[f["m3"]] = s.load(s.address(f), 1 << es)
        s.v[f["v1"]] = join(elements, es)

    @define(store, f"VSTE{suffix}", "VRX", "m3", range(16 >> es))
    def store_element(s: State, f: Fields) -> None:
        s.store(s.address(f), 1 << es, split(s.v[f["v1"]], es)[f["m3"]])


for _suffix, _load, _store, _es in (
    ("B", 0x00, 0x08, 0),
    ("H", 0x01, 0x09, 1),
    ("F", 0x03, 0x0B, 2),
    ("G", 0x02, 0x0A, 3),
):
    element_in_storage(_suffix, _load, _store, _es)


def _element_address(s: State, f: Fields, es: int) -> int:
    return s.address(f) + split(s.v[f["v2"]], es)[f["m3"]] & (1 << 64) - 1


def indexed_element(suffix: str, gather: int, scatter: int, es: int) -> None:
    @define(gather, f"VGE{suffix}", "VRV", "m3", range(16 >> es))
    def gather_element(s: State, f: Fields) -> None:
        value = s.load(_element_address(s, f, es), 1 << es)
        elements = split(s.v[f["v1"]], es)
        elements[f["m3"]] = value
        s.v[f["v1"]] = join(elements, es)

    @define(scatter, f"VSCE{suffix}", "VRV", "m3", range(16 >> es))
    def scatter_element(s: State, f: Fields) -> None:
        s.store(_element_address(s, f, es), 1 << es, split(s.v[f["v1"]], es)[f["m3"]])


indexed_element("F", 0x13, 0x1B, 2)
indexed_element("G", 0x12, 0x1A, 3)


@define(0x07, "VLBB", "VRX", "m3", range(7))
def vlbb(s: State, f: Fields) -> None:
    address = s.address(f)
    count = min(16, -address % (64 << f["m3"]) or 16)
    s.v[f["v1"]] = s.load(address, count) << 8 * (16 - count)
    s.unpredictable.update(range(count, 16))


@define(0x37, "VLL", "VRS-b")
def vll(s: State, f: Fields) -> None:
    count = min(16, (s.gr[f["r3"]] & 0xFFFF_FFFF) + 1)
    s.v[f["v1"]] = s.load(s.address(f), count) << 8 * (16 - count)


@define(0x3F, "VSTL", "VRS-b")
def vstl(s: State, f: Fields) -> None:
    count = min(16, (s.gr[f["r3"]] & 0xFFFF_FFFF) + 1)
    s.store(s.address(f), count, s.v[f["v1"]] >> 8 * (16 - count))


def _registers(f: Fields) -> Iterator[tuple[int, int]]:
    """The registers of VLM and VSTM, each with its place."""
    if not f["v1"] <= f["v3"] < f["v1"] + 16:
        raise Recognised(SPECIFICATION)
    yield from enumerate(range(f["v1"], f["v3"] + 1))


@define(0x36, "VLM", "VRS-a")
def vlm(s: State, f: Fields) -> None:
    for place, register in _registers(f):
        s.v[register] = s.load(s.address(f) + 16 * place, 16)


@define(0x3E, "VSTM", "VRS-a")
def vstm(s: State, f: Fields) -> None:
    for place, register in _registers(f):
        s.store(s.address(f) + 16 * place, 16, s.v[register])
