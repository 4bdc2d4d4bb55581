# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that only the engine executes, as the assembler knows them: beside the engine's own table."""

from __future__ import annotations

import pytest

from emu.engine.mnemonics import mnemonic_of
from emu.isa.assembler import assemble, encode
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.engine_instructions import engine_instructions
from emu.isa.formats import Kind


@pytest.mark.parametrize("mnemonic", engine_instructions())
def test_the_engine_has_it_by_this_name(mnemonic: str) -> None:
    form = engine_instructions()[mnemonic].format
    code = encode(mnemonic, **{field.name: 1 for field in form.fields})
    assert mnemonic_of(code) == mnemonic
    assert len(code) == form.length
    assert any(field.kind is not Kind.IMMEDIATE for field in form.fields) or mnemonic == "SVC"


def test_what_is_declared_is_not_here() -> None:
    assert not {each.mnemonic for each in INSTRUCTIONS} & engine_instructions().keys()


@pytest.mark.parametrize(
    ("text", "code"),
    (
        # The formats of the manual's figures.
        ("SVC 5", "0a05"),
        ("BCR 8,14", "078e"),
        ("BC 7,0x10(2,3)", "47723010"),
        ("LGHI 1,-1", "a719ffff"),
        ("LLILL 1,0xFFFF", "a51fffff"),
        ("LGFI 1,-2", "c011fffffffe"),
        ("LLILF 1,0x80000000", "c01f80000000"),
        ("EXRL 1,*+4", "c61000000002"),
        ("IPM 3", "b2220030"),
        ("LG 1,-8(2)", "e3102ff8ff04"),
        ("STMG 0,15,0x200", "eb0f02000024"),
        ("MVC 0(8,1),8(2)", "d20710002008"),
        ("MVI 1(2),X'FF'", "92ff2001"),
    ),
)
def test_text(text: str, code: str) -> None:
    assert assemble(text).hex() == code
