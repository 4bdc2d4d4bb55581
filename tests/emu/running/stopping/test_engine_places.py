# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engines are told of stops: it is of the instruction that is meant, whatever was imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emu.cpu import CpuState
from emu.events import Observer
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from emu.running.stopping.kinds import AtMnemonic
from tests.support.stopping import CODE, DATA, PLACES, TURNS

PROGRAM = """
import emu.isa.{first}
from emu.running.stopping.kinds import AtMnemonic
from tests.support.stopping import program, stops_of

machine = program()
seen, _, _ = stops_of(machine, AtMnemonic(frozenset({{"{mnemonic}"}})))
print(*(stop.address for stop in seen))
machine = program()
machine.run()
counts = machine.configuration.counts
print(counts.instructions["{mnemonic}"], sum(counts.operation_requests.values()))
"""
"""What it prints must not depend on which file of instructions is imported *first*."""
ESSA, STCK = ("unused", "stable"), ("clock",)


@pytest.mark.parametrize("first", ("access_registers", "page_hinting", "trap", "clock"))
@pytest.mark.parametrize(("mnemonic", "places"), (("ESSA", ESSA), ("STCK", STCK)))
def test_a_compiled_instruction_is_the_one_that_is_called_so(
    first: str, mnemonic: str, places: tuple[str, ...]
) -> None:
    program = PROGRAM.format(first=first, mnemonic=mnemonic)
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    addresses, counted = ended.stdout.splitlines()
    assert addresses.split() == [str(PLACES[place]) for place in places] * TURNS
    assert counted.split() == [str(len(places) * TURNS), str(len(ESSA) * TURNS)]


class Setting(Observer):
    """Sets a stop when a supervisor call is taken."""

    def __init__(self, machine: Machine, stop: AtMnemonic) -> None:
        self._machine = machine
        self._stop = stop

    def interrupted(self, *_: object) -> None:
        self._machine.stops.add(self._stop)


def test_what_was_executed_before_a_stop_is_set_is_not_counted() -> None:
    machine, disable = Machine(MEGABYTE), assemble("STNSM 0x20(3),0xFF")
    machine.storage.write(CODE, disable * 6 + assemble("SVC 5"))
    machine.storage.write(CODE + 0x100, disable * 6 + bytes(2))
    machine.storage.write(0x1C0, Psw(ADDRESSING_MODE, CODE + 0x100).to_bytes())
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, CODE))
    cpu.psw_loaded, cpu.state, cpu.gr[3] = False, CpuState.OPERATING, DATA
    machine.observers.append(Setting(machine, AtMnemonic(frozenset({"STNSM"}), count=3)))
    assert machine.run().kind is StopKind.STOP_POINT
    assert cpu.instruction_address == CODE + 0x100 + 2 * len(disable)
