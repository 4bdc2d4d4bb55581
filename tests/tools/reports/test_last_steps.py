# SPDX-License-Identifier: GPL-2.0-or-later
"""The last instructions and branches before a stop."""

from __future__ import annotations

from emu.machine import MEGABYTE, Machine
from emu.program import parse_program
from tests.support.elf import ENTRY, LOOP, ending_program
from tools.reports.last_steps import SHOWN, LastSteps


def run(code: bytes, most: int = 1000) -> list[str]:
    machine = Machine(MEGABYTE)
    parse_program(ending_program(code).to_bytes(), "x.elf").load(machine)
    last = LastSteps(machine)
    machine.run(most)
    return list(last.lines())


def test_instructions_and_branches() -> None:
    lines = run(bytes.fromhex("a7290001a7f4000407000000"))
    assert lines[0] == "the last instructions and interruptions:"
    assert [line.split()[5] for line in lines[1:4]] == ["LGHI", "BRC", "DC"]
    assert "program interruption 0x0001 operation" in lines[4]
    assert lines[5:] == [
        "the last branches:",
        f"  cpu 0: {ENTRY + 4:016x} -> {ENTRY + 12:016x}",
        f"  cpu 0: {ENTRY + 12:016x} -> {0xFFF:016x}",
    ]


def test_no_more_than_the_last_and_repeated_ones_once() -> None:
    lines = run(LOOP)
    assert len(lines) == 1 + SHOWN + 3
    assert lines[-2:] == [f"  cpu 0: {ENTRY + 4:016x} -> {ENTRY:016x}", "    (333 times)"]


def test_a_loop_does_not_hide_what_led_into_it() -> None:
    """A branch to itself, behind LGHI."""
    lines = run(bytes.fromhex("a7290001a7f40000"))
    assert [line.split()[5] for line in lines[1:3]] == ["LGHI", "BRC"]
    assert lines[3] == "    (999 times)"
