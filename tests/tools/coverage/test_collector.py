# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program exercises is counted, whichever way it runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from emu.psw import ADDRESSING_MODE, DAT, Psw
from tests.tools.coverage.conftest import START
from tools.coverage.covered import counted

if TYPE_CHECKING:
    from emu.machine import Machine
    from tools.coverage.collector import Counts


def count(machine: Machine, *, stepped: bool) -> Counts:
    counts: Counts = Counter()
    with counted(machine, counts, stepped=stepped):
        machine.run(100)
    return counts


@pytest.mark.parametrize("stepped", (False, True))
def test_every_cell_of_a_program(machine: Machine, *, stepped: bool) -> None:
    machine.cpus[0].set_control_register(0, 0x40)
    counts = count(machine, stepped=stepped)
    way = "stepped" if stepped else "free"
    assert counts == {
        ("external interruptions", ("interrupt key", "mask 1")): 6,
        ("instructions", ("LGHI", "ended")): 1,
        ("instructions", ("LGHI", "cc 0")): 1,
        ("instructions", ("CGHI", "ended")): 3,
        ("instructions", ("CGHI", "cc 0")): 1,
        ("instructions", ("CGHI", "cc 1")): 1,
        ("instructions", ("CGHI", "cc 2")): 1,
        ("instructions", ("ESSA", "ended")): 1,
        ("instructions", ("ESSA", "cc 1")): 1,  # as it was before
        ("instructions", ("SIGP", "ended")): 1,
        ("instructions", ("SIGP", "cc 0")): 1,
        ("instructions", ("EX", "ended")): 1,
        ("instructions", ("EX", "cc 2")): 1,
        ("instructions", ("EX", "specification")): 1,
        ("program interruptions", ("specification", "-", "-", way)): 1,
        ("page hinting", ("zvm", "Sz", "get state")): 1,
        ("SIGNAL PROCESSOR", ("sense", "cc 0")): 1,
        **{
            ("external interruptions", (name, "mask 0")): 6
            for name in (
                "clock comparator",
                "CPU timer",
                "malfunction alert",
                "emergency signal",
                "external call",
                "service signal",
            )
        },
    }


@pytest.mark.parametrize("stepped", (False, True))
@pytest.mark.parametrize(
    ("code", "access"),
    (
        ("e31050000004", "fetch"),  # LG 1,0(5)
        ("e31050000024", "store"),  # STG 1,0(5)
        ("07f5", "instruction fetch"),  # BCR 15,5
    ),
)
def test_accesses_that_are_refused(machine: Machine, code: str, access: str, *, stepped: bool) -> None:
    (cpu,) = machine.cpus
    # The first entry of the segment table leads to a page table whose entries 0x10 and 0x20 are valid and invalid.
    machine.load_storage(0x4_0000, (0x5_0000).to_bytes(8, "big"))
    entries = bytearray(0x400.to_bytes(8, "big") * 256)
    entries[8 * (START >> 12) : 8 * (START >> 12) + 8] = START.to_bytes(8, "big")
    machine.load_storage(0x5_0000, bytes(entries))
    machine.load_storage(START, bytes.fromhex(code))
    cpu.set_control_register(1, 0x4_0000)
    cpu.gr[5] = 0x3_0000
    cpu.load_psw(Psw(ADDRESSING_MODE | DAT, START))
    counts = count(machine, stepped=stepped)
    way = "stepped" if stepped else "free"
    assert counts["program interruptions", ("page translation", "primary", access, way)] == 1
    assert counts["translation", ("page", access)] == 1


def test_an_external_interruption_and_its_mask(machine: Machine) -> None:
    (cpu,) = machine.cpus
    machine.load_storage(0x1B0, Psw(0x0002_0001_8000_0000, 0xFFF).to_bytes())
    cpu.set_control_register(0, 0x400)
    cpu.load_psw(Psw(ADDRESSING_MODE | 1 << 56, START))
    machine.timing.set_cpu_timer(cpu, -1)
    counts = count(machine, stepped=False)
    assert counts["external interruptions", ("CPU timer", "taken")] == 1
