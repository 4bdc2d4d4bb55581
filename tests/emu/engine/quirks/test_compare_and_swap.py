# SPDX-License-Identifier: GPL-2.0-or-later
"""COMPARE AND SWAP: where the operands are not equal PER is told of no store, and of one where they are."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.debugging.opening import open_bytes
from emu.engine.quirks.compare_and_swap import compares_and_swaps
from emu.machine import Machine
from emu.per import ALTERATION
from emu.psw import ADDRESSING_MODE, PER, Psw

_CODE, _DATA = 0x10000, 0x20000
_FORMS = {
    "CS 2,4,0(15)": "ba24f000",
    "CDS 2,4,0(15)": "bb24f000",
    "CSY 2,4,0(15)": "eb24f0000014",
    "CSG 2,4,0(15)": "eb24f0000030",
    "CDSY 2,4,0(15)": "eb24f0000031",
    "CDSG 2,4,0(15)": "eb24f000003e",
}


def _machine(instruction: str, found: int) -> tuple[Machine, Cpu]:
    machine = open_bytes(bytes.fromhex(instruction) + bytes.fromhex("0700"), address=_CODE, history=0).machine
    machine.load_storage(_DATA, bytes([found]) * 16)
    cpu = machine.cpus[0]
    for register in (2, 3):
        cpu.gr[register] = 0x0101_0101_0101_0101
    cpu.gr[15] = _DATA
    return machine, cpu


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("is_equal", (False, True))
def test_storage_alteration_is_an_event_only_where_they_are_equal(form: str, *, is_equal: bool) -> None:
    machine, cpu = _machine(_FORMS[form], 1 if is_equal else 2)
    cpu.set_control_register(9, ALTERATION << 24)
    cpu.set_control_register(10, 0)
    cpu.set_control_register(11, (1 << 64) - 1)
    cpu.load_psw(Psw(ADDRESSING_MODE | PER, _CODE))
    cpu.psw_loaded = False
    machine.run(1)
    assert cpu.gr[2] & 0xFF == (1 if is_equal else 2)
    assert machine.counts.program_interruptions.total() == (1 if is_equal else 0)


@pytest.mark.parametrize("form", _FORMS.values())
def test_they_are_known(form: str) -> None:
    assert compares_and_swaps(bytes.fromhex(form))
    assert not compares_and_swaps(bytes.fromhex("5024f000"))
