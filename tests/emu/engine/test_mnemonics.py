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


def test_opcodes_are_as_the_manual_prints_them() -> None:
    opcodes = opcodes_by_mnemonic()
    printed = {"AHI": "A7A", "AR": "1A", "LG": "E304", "LGR": "B904", "ESSA": "B9AB"}
    assert {name: str(opcodes[name]) for name in printed} == printed
    assert all(str(opcodes[each.mnemonic]) == each.opcode_text for each in INSTRUCTIONS)
