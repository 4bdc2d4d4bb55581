# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops at changes of control registers and of the PSW, those included that the engine makes by itself."""

from __future__ import annotations

import pytest

from emu.bits import bit
from emu.engine.rules.instructions import numbered
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, EXTENDED_ADDRESSING, PROBLEM_STATE, PROGRAM_MASK, Psw
from emu.running.stopping.engine_places import CHANGE_CONTROL_REGISTERS, CHANGE_THE_PSW
from emu.running.stopping.kinds import ControlRegisterChange, PswMaskChange, StopOn
from tests.conftest import make_ready
from tests.support.stopping import Stepwise

CODE = 0x10000


def stops_behind(code: str, on: StopOn, way: str) -> list[int]:
    """Where the machine stops, as offsets in *code*, which ends in a branch to itself."""
    machine = Machine(1 << 20)
    cpu = machine.cpus[0]
    make_ready(cpu)
    machine.storage.write(CODE, bytes.fromhex(code + "a7f40000"))
    machine.storage.write(CODE + 0x10, bytes.fromhex("a7f40000"))
    machine.storage.write(0x40000, Psw(ADDRESSING_MODE | PROBLEM_STATE, CODE + 0x10).to_bytes())
    cpu.instruction_address = CODE
    cpu.gr[2], cpu.gr[3] = 0xF << 24, 0x40000
    if way == "stepped":
        machine.observers.append(Stepwise())
    machine.stops.add(on)
    found = []
    while (stop := machine.run(20 - machine.executed)).kind is StopKind.STOP_POINT:
        assert not stop.is_before
        found.append(stop.psw.address - CODE)
    return found


@pytest.mark.parametrize("way", ("freely", "stepped"))
@pytest.mark.parametrize(
    ("code", "on", "behind"),
    (
        ("a71a0001042004200700", PswMaskChange(PROGRAM_MASK), [6]),
        ("a71a0001010d0700010e", PswMaskChange(EXTENDED_ADDRESSING), [6, 10]),
        ("a71a0001ac0230000700", PswMaskChange(bit(6)), []),
        ("a71a0001ad0230000700", PswMaskChange(bit(6)), [8]),
        ("a71a0001ad0230000700", PswMaskChange(bit(7)), []),
        ("a71a0001b20a00500700", PswMaskChange(), [8]),
        ("a71a0001b2b230000700", PswMaskChange(PROBLEM_STATE), [16]),
        ("a71a0001b70030000700", ControlRegisterChange(0), [8]),
        ("a71a0001b70030000700", ControlRegisterChange(1), []),
        ("a71a0001b70030000700", ControlRegisterChange(0, bit(0)), []),
        ("e34030000004eb333000002f0700", ControlRegisterChange(3), [12]),
        ("58403000b73330000700", ControlRegisterChange(3), [8]),
    ),
)
def test_behind_what_changes_it(code: str, on: StopOn, behind: list[int], way: str) -> None:
    assert stops_behind(code, on, way) == behind


def test_no_compiled_instruction_changes_the_psw_unnoticed() -> None:
    changing = {each.declared.mnemonic for _, each in numbered() if "change_system_mask(record, " in each.source}
    assert changing
    assert changing <= CHANGE_THE_PSW


def test_no_compiled_instruction_changes_a_control_register_unnoticed() -> None:
    changing = {each.declared.mnemonic for _, each in numbered() if "may_change_control_register(" in each.source}
    assert changing
    assert changing <= CHANGE_CONTROL_REGISTERS
