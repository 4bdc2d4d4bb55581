# SPDX-License-Identifier: GPL-2.0-or-later
"""What instructions are called: by the declarations, or else by the engine's own list."""

from __future__ import annotations

import pytest

from emu.engine.mnemonics import mnemonic_of, opcodes_by_mnemonic
from emu.isa.declaration import INSTRUCTIONS


@pytest.mark.parametrize(
    ("instruction", "mnemonic"),
    (
        ("b9ab0012", "ESSA"),
        ("1a12", "AR"),
        ("a71a0001", "AHI"),
        ("d20710082000", "MVC"),
        ("e31020000004", "LG"),
        ("e54c10000000", "MVHI"),
        ("b90400ff", "LGR"),
        ("c01800000001", "IIHF"),
        ("ec120001007c", "CGIJ"),
        ("0103", ""),
        ("b9", ""),
    ),
)
def test_the_name_of_an_instruction(instruction: str, mnemonic: str) -> None:
    assert mnemonic_of(bytes.fromhex(instruction)) == mnemonic


def test_opcodes_are_as_the_declarations_have_them() -> None:
    opcodes = opcodes_by_mnemonic()
    assert opcodes["AHI"] == (0xA7A, ((0, 8), (12, 4)))
    assert opcodes["AR"] == (0x1A, ((0, 8),))
    assert opcodes["LG"] == (0xE304, ((0, 8), (40, 8)))
    assert opcodes["LGR"] == (0xB904, ((0, 16),))
    assert all(opcodes[each.mnemonic] == (each.opcode, each.format.opcode) for each in INSTRUCTIONS)
