# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instruction of a block raised a data exception; whether Unicorn loses it depends on where code is mapped."""

from __future__ import annotations

from typing import cast

import pytest

from emu.engine.quirks.lost_address import lost_address
from emu.engine.quirks.register_file import EngineRegisters
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, WAIT, Psw

START = 0x1000
AFP_REGISTER, COMPARE_AND_TRAP = 1, 0xFF
EQUAL_TRAPS, UNEQUAL_TRAPS = "b9728012", "b9726012"
EXECUTE, EXECUTE_RELATIVE_LONG = "44007000", "c60000000010"


class Registers:
    """All zero."""

    gr = [0] * 16


@pytest.mark.parametrize(
    ("code", "data_exception_code", "offset"),
    (
        (EQUAL_TRAPS, COMPARE_AND_TRAP, 0),
        ("1812" + UNEQUAL_TRAPS + EQUAL_TRAPS, COMPARE_AND_TRAP, 6),
        # The block does not count the bytes of what the control registers forbid.
        ("1812", AFP_REGISTER, 2),
        # The target of an EXECUTE has a block of its own, at the address of the EXECUTE.
        (EXECUTE, COMPARE_AND_TRAP, 0),
        (EXECUTE_RELATIVE_LONG, COMPARE_AND_TRAP, 0),
        ("1812" + UNEQUAL_TRAPS + EXECUTE_RELATIVE_LONG, COMPARE_AND_TRAP, 6),
        (EXECUTE, AFP_REGISTER, 0),
    ),
)
def test_the_instruction_is_found(code: str, data_exception_code: int, offset: int) -> None:
    content = bytes.fromhex(code)
    registers = cast("EngineRegisters", Registers())

    def fetch(address: int, length: int) -> bytes:
        return content[address - START :][:length]

    assert lost_address(registers, data_exception_code, START, len(content), fetch) == START + offset


@pytest.mark.parametrize("execute", (EXECUTE, EXECUTE_RELATIVE_LONG), ids=("EX", "EXRL"))
@pytest.mark.parametrize("mask", "ef8")
@pytest.mark.parametrize(
    "target", ("b972{}012", "b960{}012", "b973{}012", "b961{}012", "ec100000{}072", "ec100000{}071")
)
def test_a_compare_and_trap_that_is_executed(machine: Machine, execute: str, mask: str, target: str) -> None:
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, 0x999).to_bytes())
    cpu = machine.cpus[0]
    address = cpu.instruction_address
    cpu.gr[7] = address + 0x20
    machine.storage.write(address, bytes.fromhex(execute))
    machine.storage.write(address + 0x20, bytes.fromhex(target.format(mask)))
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    length = len(execute) // 2
    # A data exception, completing.
    assert machine.storage.read_integer(0x8C, 8) == length << 48 | 0x0007 << 32 | 0xFF
    assert machine.storage.read_integer(0x158, 8) == address + length
    assert machine.executed == 0
