# SPDX-License-Identifier: GPL-2.0-or-later
"""VCKSM: sums with the carry in the last place."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_VECTOR


@pytest.mark.parametrize(
    ("words", "third", "result"),
    (
        ((1, 0, 0, 0), 0, 1),
        ((0xFFFF_FFFF, 1, 0, 0), 0, 1),
        ((0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF), 0xFFFF_FFFF, 0xFFFF_FFFF),
        ((1, 2, 3, 4), 5, 15),
        ((0x8000_0000, 0x8000_0000, 0, 0), 0, 1),
        ((0, 0, 0, 0), 0, 0),
    ),
)
def test_sum(execute, cpu, words, third, result) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    cpu.vr[6], cpu.vr[7] = words[0] << 32 | words[1], words[2] << 32 | words[3]
    # Of V4 only word 1 counts.
    cpu.vr[8], cpu.vr[9] = 0x7777_7777 << 32 | third, 0x7777_7777_7777_7777
    assert execute("e72340000066").interruption is None
    assert (cpu.vr[4], cpu.vr[5]) == (result, 0)
