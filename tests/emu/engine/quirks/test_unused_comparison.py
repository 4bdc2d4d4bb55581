# SPDX-License-Identifier: GPL-2.0-or-later
"""A comparison of BFP data whose condition code nobody uses still recognises IEEE invalid operation."""

from __future__ import annotations

import ctypes

import pytest

from emu import lowcore
from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.engine.interception import intercept
from emu.engine.quirks import helpers, unused_comparison
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, WAIT, Psw

SET_ANEW = "1a33"
"""AR 3,3, which sets the condition code."""
SIGNALING = {"short": 0x7F80_0001_0000_0000, "long": 0x7FF0_0000_0000_0001}
CASES = (("b3090012", "short"), ("ed0020000009", "short"), ("b3190012", "long"), ("ed0020000019", "long"))
CASES += (("b3490014", "extended"), ("b3080012", "short"), ("b3180012", "long"), ("b3480014", "extended"))
OPERAND = 0x2000


@pytest.fixture
def start(machine: Machine, cpu: Cpu):
    def start(code: str, form: str, fpc: int) -> None:
        cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
        for register in range(16):
            cpu.vr[2 * register] = SIGNALING.get(form, 0x7FFF_0000_0000_0000)
        if form == "extended":
            cpu.vr[2 * 3] = cpu.vr[2 * 6] = 1
        cpu.gr[2] = OPERAND
        machine.storage.write(OPERAND, SIGNALING.get(form, 0).to_bytes(8, "big"))
        cpu.registers.fpc = fpc
        machine.storage.write(cpu.instruction_address, bytes.fromhex(code + SET_ANEW + "0700"))

    return start


@pytest.mark.parametrize(("code", "form"), CASES)
def test_the_flag_is_set(machine: Machine, cpu: Cpu, start, code: str, form: str) -> None:
    start(code, form, 0)
    machine.run(3)
    assert cpu.registers.fpc == 0x0080_0000


@pytest.mark.parametrize(("code", "form"), CASES)
def test_it_traps(machine: Machine, cpu: Cpu, start, code: str, form: str) -> None:
    start(code, form, 0x8000_0000)
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, 0).to_bytes())
    machine.run(10)
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == ProgramInterruptionCode.DATA
    assert cpu.registers.fpc == 0x8000_8000


def test_the_list_says_so_no_more() -> None:
    intercept()
    for helper in unused_comparison.HELPERS:
        (listed,) = [place for place in helpers._pointers(helper) if helpers._is_listed(place, helper)]
        assert not ctypes.c_uint32.from_address(listed + 16).value & 4
