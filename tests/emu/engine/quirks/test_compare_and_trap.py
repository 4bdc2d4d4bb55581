# SPDX-License-Identifier: GPL-2.0-or-later
"""CLFIT and CLGIT: the immediate is unsigned."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emu import lowcore
from emu.cpu import Cpu
from emu.machine import Machine

EQUAL, LOW, HIGH = 8, 4, 2


@pytest.mark.parametrize("opcode", ("73", "71"), ids=("CLFIT", "CLGIT"))
@pytest.mark.parametrize("free", (True, False))
@pytest.mark.parametrize(
    ("value", "immediate", "outcome"),
    (
        (0xFFFFF, 0xFFFF, HIGH),
        (0xFFFF, 0xFFFF, EQUAL),
        (0xFFFF_8000, 0x8000, HIGH),
        (0x7FFF, 0x8000, LOW),
        (0x8000, 0x7FFF, HIGH),
    ),
)
def test_trap(machine: Machine, cpu: Cpu, opcode: str, free: bool, value: int, immediate: int, outcome: int) -> None:
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, (0x0002_0001_8000_0000).to_bytes(8, "big") + bytes(8))
    code = "".join(f"ec10{immediate:04x}{mask:x}0{opcode}" for mask in (14 & ~outcome, outcome))
    machine.storage.write(cpu.instruction_address, bytes.fromhex(code))
    cpu.gr[1] = value
    while (machine.run(10) if free else machine.step()) is None:
        pass
    # The first does not trap, the second does.
    assert machine.storage.read_integer(lowcore.PROGRAM_OLD_PSW + 8, 8) == 0x1000C
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == 7


def test_another_library_is_refused() -> None:
    program = (
        "from emu.engine.quirks import compare_and_trap as quirk\n"
        "quirk._UNSIGNED = (*quirk._UNSIGNED, (0x1A00, 'AR'))\n"
        "try:\n    quirk.mend()\nexcept quirk.EngineError as refusal:\n    assert '2.1.4' in str(refusal)\n"
        "else:\n    raise SystemExit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
