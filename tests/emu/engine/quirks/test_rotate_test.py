# SPDX-License-Identifier: GPL-2.0-or-later
"""RNSBG, ROSBG and RXSBG with the test-results control: translating them does not end the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emu.cpu import Cpu
from emu.machine import Machine

# CGIT 0,0,8; R.SBG 6,4,X'80',63,0
BLOCK = "ec0000008070 ec64803f00{}"
OPCODES = {"RNSBG": "54", "ROSBG": "56", "RXSBG": "57"}
ZERO_RESULT, OTHER_RESULT = 0, 1


@pytest.mark.parametrize("name", OPCODES)
def test_a_block_in_which_nothing_was_written_before(name: str, machine: Machine, cpu: Cpu) -> None:
    """Run in this process: before it was mended, RXSBG aborted it."""
    cpu.gr[0], cpu.gr[4], cpu.gr[6] = 1, 6, 9
    machine.storage.write(cpu.instruction_address, bytes.fromhex(BLOCK.format(OPCODES[name])))
    machine.run(2)
    assert machine.executed == 2
    assert machine.counts.instructions == {name: 1}
    assert cpu.gr[6] == 9
    assert cpu.registers.condition_code == (ZERO_RESULT if name == "RNSBG" and not 6 & 9 else OTHER_RESULT)


def test_forms_with_and_without_the_control_in_one_block(machine: Machine, cpu: Cpu) -> None:
    cpu.gr[4], cpu.gr[6] = 6, 9
    # RXSBG 6,4,0,63,0; RXSBG 6,4,X'80',63,0; RXSBG 6,4,0,63,0
    code = bytes.fromhex("ec64003f0057 ec64803f0057 ec64003f0057")
    machine.storage.write(cpu.instruction_address, code)
    machine.run(3)
    assert cpu.gr[6] == 9
    assert machine.counts.instructions == {"RXSBG": 1}


@pytest.mark.parametrize(
    ("change", "text"),
    (
        ("rotate_test._FORMS = (*rotate_test._FORMS, (0x1A00, 'AR'))", "differently"),
        ("rotate_test._PROBES = (0, 0)", "other places"),
    ),
)
def test_another_library_is_refused(change: str, text: str) -> None:
    program = (
        "from emu.engine.quirks import rotate_test\n"
        f"{change}\n"
        "try:\n    rotate_test.mend()\n"
        f"except rotate_test.EngineError as refusal:\n    assert {text!r} in str(refusal)\n"
        "else:\n    raise SystemExit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
