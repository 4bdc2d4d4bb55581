# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that store at most once: nothing of the store is left when its second page is refused."""

from __future__ import annotations

import pytest

from emu.engine.quirks.single_stores import stores_at_most_once
from emu.machine import Machine
from emu.page_states import Content, Usage
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.every_instruction import EveryInstruction

CODE = 0x10000

PAGE = 0x20000


# Each stores at 7(2) and behind: ST, STG, STH, STD, STE, STRV, STRVG, STY, STHY, STDY, MVHI, MVGHI, STFPC, STOC.
SINGLE = (
    ("ST", "50102007"),
    ("STG", "e31020070024"),
    ("STH", "40102007"),
    ("STD", "60002007"),
    ("STE", "70002007"),
    ("STRV", "e3102007003e"),
    ("STRVG", "e3102007002f"),
    ("STRVH", "e3102007003f"),
    ("STY", "e31020070050"),
    ("STHY", "e31020070070"),
    ("STDY", "ed0020070067"),
    ("STFH", "e310200700cb"),
)


@pytest.mark.parametrize(("name", "code"), SINGLE, ids=[name for name, _ in SINGLE])
def test_nothing_is_stored_into_the_first_page_if_the_second_is_refused(machine: Machine, name: str, code: str) -> None:
    instruction = bytes.fromhex(code)
    assert stores_at_most_once(instruction) or name == "STDY"
    cpu = machine.cpus[0]
    machine.storage.write(CODE, instruction)
    machine.states.bytes[(PAGE >> 12) + 1] = Usage.UNUSED | Content.ZERO
    machine.observers.append(EveryInstruction())
    cpu.gr[1], cpu.gr[2], cpu.vr[0] = 0x0102_0304_0506_0708, PAGE + 0xFFF - 7, 0x1112_1314_1516_1718
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
    machine.step()
    assert machine.read_storage(PAGE + 0xFF0, 16) == bytes(16)
    assert int.from_bytes(machine.read_storage(0x8E, 2), "big") == 5


@pytest.mark.parametrize("code", ("e3102000008e", "90122000", "d20720002000", "eb122000000d24", "0e24"))
def test_those_of_several_stores(code: str) -> None:
    assert not stores_at_most_once(bytes.fromhex(code))


# AGR, NHHR and CIT, which name registers only; TRTT, CU41 and MVCL, which store as they go on.
@pytest.mark.parametrize(
    ("code", "is_single"),
    (
        ("b9080012", True),
        ("b9c43012", True),
        ("ec10000020 72", True),
        ("b9900012", False),
        ("b9b20012", False),
        ("0e24", False),
    ),
)
def test_what_names_registers_only_stores_nothing(code: str, is_single: bool) -> None:
    assert stores_at_most_once(bytes.fromhex(code)) is is_single
