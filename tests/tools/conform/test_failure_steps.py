# SPDX-License-Identifier: GPL-2.0-or-later
"""The instructions before a failure."""

from __future__ import annotations

import json
from pathlib import Path

from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, Psw
from emu.symbols.table import NO_SYMBOLS
from tests.support.elf import FAILED, LOOP, Elf, ending_program
from tests.support.suite import FAILING, run_one
from tools.conform.failure_steps import FailureSteps


def steps(tmp_path: Path, elf: Elf, *options: str) -> list[str]:
    """The last steps of *elf* in its report."""
    saved = tmp_path / "out.json"
    assert run_one(tmp_path, "", elf, "--json", str(saved), *options) == 1
    (found,) = json.loads(saved.read_text())["programs"]
    return list(found.get("last_steps", ()))


def test_a_program_that_failed_shows_what_it_did_last(tmp_path: Path) -> None:
    lines = steps(tmp_path, ending_program(bytes.fromhex("a7190003") * 50, FAILED))
    assert lines[0] == "the last instructions and interruptions:"
    assert sum("LGHI 1,3" in line for line in lines) == 31
    assert any("program interruption 0x0001 operation" in line for line in lines)


def test_a_check_that_failed_shows_what_came_before_it(tmp_path: Path) -> None:
    lines = steps(tmp_path, FAILING)
    assert "SERVC" in lines[-1] or any("SERVC" in line for line in lines)
    # The wait at the end comes later.
    assert not any("program interruption" in line for line in lines)


def test_what_does_not_end_is_not_made_again(tmp_path: Path) -> None:
    assert steps(tmp_path, ending_program(LOOP), "--max-instructions", "100000") == []


def test_what_tells_of_a_failure_does_not_hide_what_was_before() -> None:
    machine = Machine(2 * MEGABYTE)
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    # LGHI 1,1; BRC 15,*+X'100'; there: LGHI 2,2 and so on
    machine.storage.write(0x10000, bytes.fromhex("a7190001 a7f40080"))
    machine.storage.write(0x10104, bytes.fromhex("a7290002") * 50)
    steps = FailureSteps(machine, NO_SYMBOLS, frozenset({0x10104}))
    machine.run(40)
    lines = "\n".join(steps.found)
    assert "LGHI 1,1" in lines
    assert "LGHI 2,2" not in lines
