# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled instructions while accesses to storage are watched: only those to a page that is watched are the model's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from emu.isa.assembler import encode
from emu.machine import StopKind
from emu.running.stopping.kinds import StopSpace, StorageAccess
from tests.emu.engine.test_compiled_instructions import ADDRESSES, LOAD, STNSM, STORE, STURG
from tests.support.free_and_stepped import ALL_MASKS, DATA, FAR, OTHER, Scene

ELSEWHERE = 0x50000
"""Nothing is accessed there."""
EQUAL = 0x4041424344454647
"""What is at OTHER + 0x40."""


@dataclass(frozen=True)
class Accessing:
    """An instruction, and the first byte of what it accesses last."""

    code: bytes
    logical: int
    absolute: int
    is_store: bool = True
    mask: int = ALL_MASKS

    def scene(self) -> Scene:
        """It is known where DATA and OTHER are."""
        registers = {**ADDRESSES, 0: 0, 1: 0, 2: FAR + 0x10, 3: 8, 4: EQUAL, 6: OTHER + 0x40}
        return Scene(STORE + LOAD + self.code, registers, mask=self.mask)


ACCESSES = {
    "STNSM": Accessing(STNSM, DATA + 0x21, DATA + 0x21),
    "STCKF": Accessing(encode("STCKF", b2=10, d2=0x20), DATA + 0x20, DATA + 0x20),
    "STURG": Accessing(STURG, FAR + 0x10, FAR + 0x10),
    "CSPG": Accessing(encode("CSPG", r1=4, r2=6), OTHER + 0x40, FAR + 0x40),
    "SSM": Accessing(encode("SSM", b2=10, d2=7), DATA + 7, DATA + 7, is_store=False),
    "LCTLG": Accessing(encode("LCTLG", r1=2, r3=2, b2=11, d2=0x10), OTHER + 0x10, FAR + 0x10, is_store=False),
    "MVCOS": Accessing(encode("MVCOS", r3=3, b1=10, d1=0x30, b2=11, d2=0x50), DATA + 0x30, DATA + 0x30),
    "MVCOS, fetching": Accessing(
        encode("MVCOS", r3=3, b1=10, d1=0x30, b2=11, d2=0x50), OTHER + 0x50, FAR + 0x50, is_store=False
    ),
}


@pytest.mark.parametrize("name", ACCESSES)
def test_where_others_are_watched_it_is_compiled(name: str, compiled: Counter[str]) -> None:
    each = ACCESSES[name]
    machine = each.scene().machine()
    for kinds in ({"stores": True}, {"stores": False, "fetches": True}):
        machine.stops.add(StorageAccess(ELSEWHERE, ELSEWHERE, StopSpace.ABSOLUTE, **kinds))
        machine.stops.add(StorageAccess(ELSEWHERE, ELSEWHERE, **kinds))
    assert machine.run(100_000).kind is StopKind.DISABLED_WAIT
    assert compiled[name.partition(",")[0]] == 1


@pytest.mark.parametrize("space", (StopSpace.LOGICAL, StopSpace.ABSOLUTE))
@pytest.mark.parametrize("name", ACCESSES)
def test_where_it_is_watched_it_is_the_models_and_noticed(name: str, space: StopSpace, compiled: Counter[str]) -> None:
    each = ACCESSES[name]
    machine = each.scene().machine()
    address = each.logical if space is StopSpace.LOGICAL else each.absolute
    machine.stops.add(StorageAccess(address, address, space, stores=each.is_store, fetches=not each.is_store))
    stop = machine.run(100_000)
    assert [hit.event.is_store for hit in stop.hits] == [each.is_store]
    assert compiled[name.partition(",")[0]] == 0
