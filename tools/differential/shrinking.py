# SPDX-License-Identifier: GPL-2.0-or-later
"""Making a program that fails as small and as plain as it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from emu.psw import ADDRESSING_MODE
from tools.differential.layout import CODE
from tools.differential.program import RandomProgram

Fails = Callable[[RandomProgram], bool]
_PLAINER: Final[tuple[dict[str, Any], ...]] = (
    {"cpus": 1},
    {"frames": None},
    {"keys": {}},
    {"states": {}},
    {"data": {}},
    {"targets": ()},
    {"turn": 0},
    {"profile": "zvm"},
    {"fpc": 0},
    {"timers": ((1 << 63), 1 << 60)},
    {"vectors": (0,) * 32},
    {"access": (0,) * 16},
    {"registers": (0,) * 16},
    {"start": CODE},
    {"mask": ADDRESSING_MODE},
    {"cr0": 0},
)


def shrink(program: RandomProgram, fails: Fails) -> RandomProgram:
    """The smallest program found that still *fails*; *program* does."""
    while True:
        smaller = next((each for each in _smaller(program) if each != program and fails(each)), None)
        if smaller is None:
            return program
        program = smaller


def _smaller(program: RandomProgram) -> Iterator[RandomProgram]:
    """Programs that are a little simpler, those first that are much simpler."""
    count = len(program.instructions)
    for size in sorted({size for size in (count // 2, count // 4, 2, 1) if 0 < size < count}, reverse=True):
        for at in range(0, count, size):
            rest = program.instructions[:at] + program.instructions[at + size :]
            if rest:
                yield replace(program, instructions=rest)
    for plainer in _PLAINER:
        yield replace(program, **plainer)
    yield from _fewer_bits(program)
    yield from _fewer_values(program)


def _fewer_bits(program: RandomProgram) -> Iterator[RandomProgram]:
    for bit in range(64):
        if program.mask >> bit & 1 and not ADDRESSING_MODE >> bit & 1:
            yield replace(program, mask=program.mask & ~(1 << bit))
    if program.mask & ADDRESSING_MODE != ADDRESSING_MODE:
        yield replace(program, mask=program.mask | ADDRESSING_MODE)
    for bit in range(64):
        if program.cr0 >> bit & 1:
            yield replace(program, cr0=program.cr0 & ~(1 << bit))


def _fewer_values(program: RandomProgram) -> Iterator[RandomProgram]:
    for name in ("keys", "states", "data"):
        values = getattr(program, name)
        for key in values:
            fewer: dict[str, Any] = {name: {other: value for other, value in values.items() if other != key}}
            yield replace(program, **fewer)
    for name in ("registers", "vectors", "access"):
        values = getattr(program, name)
        for at, value in enumerate(values):
            if value:
                yield replace(program, **{name: values[:at] + (0,) + values[at + 1 :]})
    for budget in sorted({1, 2, 3, program.budget - 1}):
        if 0 < budget < program.budget:
            yield replace(program, budget=budget)
