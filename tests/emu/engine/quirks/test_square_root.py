# SPDX-License-Identifier: GPL-2.0-or-later
"""SQXBR can be translated: before it was mended, this crashed the process, in a block that need not even reach it."""

from __future__ import annotations

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.machine import Machine


def test_square_root_in_a_block(machine: Machine, cpu: Cpu) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
    # LGHI 1,5; SQXBR 1,4
    machine.storage.write(cpu.instruction_address, bytes.fromhex("a7190005 b3160014 a7f40000"))
    assert machine.step() is None
    assert cpu.gr[1] == 5
    machine.run(1)
    assert cpu.instruction_address == 0x10008
