# SPDX-License-Identifier: GPL-2.0-or-later
"""The AFP-register control is one."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """All sixteen registers are there."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
