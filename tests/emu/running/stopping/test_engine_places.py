# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engines are told of stops: it is of the instruction that is meant, whatever was imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.stopping import PLACES, TURNS

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
