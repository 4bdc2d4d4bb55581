# SPDX-License-Identifier: GPL-2.0-or-later
"""Which floating-point registers there are, and what is put in them."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.isa.floating_registers import load, require_pair, require_registers, store
from emu.program_interruption import ProgramInterruptionCode


def test_four_registers_without_the_control(cpu: Cpu, expect) -> None:
    require_registers(cpu, 0, 2, 4, 6)
    for hidden in (1, 3, 5, 7, *range(8, 16)):
        with expect(ProgramInterruptionCode.DATA) as raised:
            require_registers(cpu, 0, hidden)
        assert raised.value.data_exception_code == 1
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)
    require_registers(cpu, *range(16))


def test_pairs(expect) -> None:
    for first in (0, 1, 4, 5, 8, 9, 12, 13):
        require_pair(first)
        with expect(ProgramInterruptionCode.SPECIFICATION):
            require_pair(first + 2)


@pytest.mark.parametrize(
    ("code", "is_there"),
    (
        ("b3650004", True),
        ("b3650008", False),
        ("b3650001", False),
        ("b3650080", False),
        ("2808", False),
        ("3880", False),
    ),
)
def test_both_registers_of_a_load_are_checked(execute, code: str, is_there: bool) -> None:
    expected = None if is_there else ProgramInterruptionCode.DATA
    assert execute(code).interruption is expected


@pytest.mark.parametrize(
    ("width", "left", "right"),
    ((32, 0x0123_4567_FFFF_FFFF, 7), (64, 0x0123_4567, 7), (128, 0, 0x0123_4567)),
)
def test_widths(cpu: Cpu, width: int, left: int, right: int) -> None:
    cpu.vr[8], cpu.vr[12] = (1 << 64) - 1, 7
    store(cpu, 4, width, 0x0123_4567)
    assert (cpu.vr[8], cpu.vr[12]) == (left, right)
    assert load(cpu, 4, width) == 0x0123_4567
