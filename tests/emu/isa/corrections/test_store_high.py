# SPDX-License-Identifier: GPL-2.0-or-later
"""STORE MULTIPLE HIGH stores bits 0-31 of each register."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("code", "stored"),
    (
        ("eb2320000026", "00000000 33333333"),
        ("eb1f50000026", "11111111 00000000 33333333 44444444 00000000" + "00000000" * 9 + "ffffffff"),
        ("ebf150000026", "ffffffff aaaaaaaa 11111111"),
    ),
)
def test_registers_are_stored_in_their_order(execute, machine, cpu, code: str, stored: str) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 0xAAAA_AAAA_0000_0000, 0x1111_1111_FFFF_FFFF, 0x2000
    cpu.gr[3], cpu.gr[4], cpu.gr[5], cpu.gr[15] = 0x3333_3333_1234_5678, 0x4444_4444 << 32, 0x2000, 0xFFFF_FFFF << 32
    execute(code)
    expected = bytes.fromhex(stored)
    assert machine.storage.read(0x2000, len(expected)) == expected
