# SPDX-License-Identifier: GPL-2.0-or-later
"""TS, whose bits 8-15 are no field."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode


@pytest.mark.parametrize("reserved", ("00", "01", "ff"))
@pytest.mark.parametrize(("byte", "condition_code"), (("7f", 0), ("80", 1), ("ff", 1)))
def test_and_set(execute, cpu, machine, reserved, byte, condition_code) -> None:
    cpu.gr[2] = 0x2000
    assert execute(f"93{reserved}2000", x2000=byte).condition_code == condition_code
    assert machine.storage.read(0x2000, 2).hex() == "ff00"


@pytest.mark.parametrize("reserved", ("00", "01"))
def test_protection(execute, cpu, machine, reserved) -> None:
    cpu.set_control_register(0, cpu.cr[0] | 1 << 28)
    assert execute(f"93{reserved}0080", x80="00").interruption is ProgramInterruptionCode.PROTECTION
    assert machine.storage.read(0x80, 1) == b"\0"
