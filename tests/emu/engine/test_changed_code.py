# SPDX-License-Identifier: GPL-2.0-or-later
"""Code that has changed is executed as it is now, whatever has been translated of it."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.events import Observer
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw

START = 0x10000
WAIT_ADDRESS = 0x1D0
WAIT = Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes()
ODD_REGISTER = "1d10"
"""DR 1,0, a specification exception."""
SET_2 = "a7280002"
"""LHI 2,2."""


class EveryInstruction(Observer):
    """Makes the machine run instruction by instruction."""

    wants_instructions = True


@pytest.fixture(params=["free", "stepped"])
def started(request: pytest.FixtureRequest, machine: Machine) -> Machine:
    """A machine that waits after any program interruption, running freely or step by step."""
    machine.storage.write(0x1D0, WAIT)
    if request.param == "stepped":
        machine.observers.append(EveryInstruction())
    return machine


def execute(machine: Machine, code: str, *, address: int = START, begin: int | None = None) -> int:
    """Run *code*, which is put at *address*, and give the interruption code; behind it lie zeros."""
    machine.storage.write(address, bytes.fromhex(code) + bytes(2))
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, address if begin is None else begin))
    cpu.psw_loaded = False
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    return machine.storage.read_integer(0x8E, 2)


def test_code_that_changes_while_the_engine_is_to_come_back(started: Machine) -> None:
    assert execute(started, "a7280001") == 1
    started.configuration.translations.end_soon()
    assert execute(started, SET_2) == 1
    assert started.cpus[0].gr[2] == 2


@pytest.mark.parametrize("begin", (START, START + 0xFFC))
def test_an_exception_at_the_start_of_a_page(started: Machine, begin: int) -> None:
    """The block that ends in it has no bytes."""
    if begin != START:
        started.storage.write(begin, bytes.fromhex("07000700"))
    address = START if begin == START else START + 0x1000
    assert execute(started, ODD_REGISTER, address=address, begin=begin) == 6
    assert execute(started, SET_2, address=address, begin=begin) == 1
    assert started.cpus[0].gr[2] == 2
