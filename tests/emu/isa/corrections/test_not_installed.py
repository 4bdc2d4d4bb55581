# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of facilities that are not installed; CKSM with an odd register."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.program_interruption import ProgramInterruptionCode

MESSAGE_SECURITY = ("b91e0024", "b92e0024", "b92f0024", "b93e0024", "b93f0024", "b92a0024", "b92b0024", "b92c0000")
MORE = ("b92d4024", "b93c0024", "b9280000")
VECTOR_ENHANCEMENTS = ("e7123000006c", "e7123000006e", "e7123000006f")


@pytest.mark.parametrize("code", MESSAGE_SECURITY + MORE + VECTOR_ENHANCEMENTS)
def test_operation_exception(execute, cpu, code) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    assert execute(code).interruption is ProgramInterruptionCode.OPERATION


@pytest.mark.parametrize("register", (3, 15))
def test_checksum_needs_a_pair(execute, register) -> None:
    assert execute(f"b241001{register:x}").interruption is ProgramInterruptionCode.SPECIFICATION


def test_checksum(execute, cpu) -> None:
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = 0xFFFF_FFFF, 0x2000, 5
    assert execute("b2410012", x2000="0000000180").condition_code == 0
    assert cpu.gr[1] == 0x8000_0001
