# SPDX-License-Identifier: GPL-2.0-or-later
"""Loops of general instructions, which Unicorn executes: the machine beside bare Unicorn, alternately."""

from __future__ import annotations

import statistics
from functools import partial
from typing import Final

from emu.addresses import PAGE_SIZE
from emu.machine import MEGABYTE
from tools.benchmarks.bare_unicorn import BareUnicorn, TlbMode
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, Unit
from tools.benchmarks.guest_loop import START, SUBROUTINES, GuestLoop, rounds_for

_UNICORN: Final = "bare Unicorn"
_TOUCHED: Final = 4096
"""Pages: many times what Unicorn's TLB holds, so that each store needs a translation."""
_CALLS: Final = 8


def _register_loop() -> GuestLoop:
    # AGR, SGR, NGR, XGR and OGR, twice eight of them.
    body = bytes.fromhex("b9080023 b9080034 b9090045 b9080056 b9820067 b9080078 b9810089 b908009a") * 2
    # Those eight change registers 8 and 9, which nothing else needs here.
    return GuestLoop(body)


def _store_loop() -> GuestLoop:
    # Five times LG from the page of register 8, AGR, STG to that of register 9; and LG.
    body = (
        "e32080000004 b9080032 e33090000024 e34080080004 b9080043 e34090080024 e35080100004 b9080054 e35090100024"
        "e36080180004 b9080065 e36090180024 e37080200004 b9080076 e37090200024 e3a080280004"
    )
    return GuestLoop(bytes.fromhex(body))


def _call_loop() -> GuestLoop:
    body = b""
    for _ in range(_CALLS):
        distance = SUBROUTINES - (START + len(body))
        # BRASL 14,SUBROUTINES
        body += b"\xc0\xe5" + (distance // 2).to_bytes(4, "big")
    # AGR 2,3; BR 14
    return GuestLoop(body, {SUBROUTINES: bytes.fromhex("b9080023 07fe")}, more_instructions=2 * _CALLS)


def _page_loop() -> GuestLoop:
    # LGR 3,4; LGR 2,5; then STG 2,0(3); AGFI 3,4096; BRCTG 2 to the STG
    body = bytes.fromhex("b9040034 b9040025 e32030000024 c23800001000 a727fffa")
    return GuestLoop(
        body,
        registers={4: MEGABYTE, 5: _TOUCHED},
        more_instructions=3 * (_TOUCHED - 1),
        memory=MEGABYTE + _TOUCHED * PAGE_SIZE,
    )


LOOPS: Final = {
    "register-loop": _register_loop(),
    "load-store-loop": _store_loop(),
    "call-return-loop": _call_loop(),
    "page-touch-loop": _page_loop(),
}


def _loop_ratio(name: str, effort: Effort) -> Measured:
    """How fast the machine executes a loop, divided by how fast bare Unicorn does."""
    loop = LOOPS[name]
    ours = loop.machine()
    rounds = rounds_for(ours.seconds, effort)
    bare = min((BareUnicorn(loop, mode) for mode in TlbMode), key=lambda each: each.seconds(rounds))
    pairs = [(ours.seconds(rounds), bare.seconds(rounds)) for _ in range(effort.pieces)]
    millions = [rounds * loop.per_round / statistics.median(side) / 1e6 for side in zip(*pairs, strict=True)]
    detail = f"{millions[0]:,.0f} to {millions[1]:,.0f} million instructions a second; {bare.mode.value}"
    return Measured(tuple(other / own for own, other in pairs), detail)


def code_store_loop() -> GuestLoop:
    """A round stores once, behind its own code and into the same page."""
    # STG 2,2048(3)
    return GuestLoop(bytes.fromhex("e32038000024"), registers={3: START})


def _code_store_rate(effort: Effort) -> Measured:
    machine = code_store_loop().machine()
    rounds = rounds_for(machine.seconds, effort)
    return Measured(tuple(rounds / machine.seconds(rounds) for _ in range(effort.pieces)))


_FIGURES: Final = (
    ("register-loop", "register loop", 0.9),
    ("load-store-loop", "load/store loop", 0.95),
    ("call-return-loop", "call/return loop", 0.9),
    ("page-touch-loop", "page-touch loop: a new page each store", 0.7),
)
FIGURES: Final = tuple(
    BenchmarkFigure(
        name, title, Unit.RATIO, partial(_loop_ratio, name), goal, more_is_better=True, compared_with=_UNICORN
    )
    for name, title, goal in _FIGURES
) + (
    BenchmarkFigure(
        "code-stores", "stores into the page that is executed", Unit.RATE, _code_store_rate, more_is_better=True
    ),
)
