# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that only the engine executes, as the assembler knows them: beside the engine's own table."""

from __future__ import annotations

import pytest

from emu.coverage.architecture import is_expected
from emu.engine.mnemonics import mnemonic_of, opcodes_by_mnemonic
from emu.facilities import DEFAULT_FACILITIES
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
    assert any(field.kind is not Kind.IMMEDIATE for field in form.fields) or mnemonic in {"SVC", "NIAI", "TAM"}


def test_whatever_the_machine_has_can_be_written() -> None:
    declared = {each.mnemonic for each in INSTRUCTIONS}
    there = {each for each, opcode in opcodes_by_mnemonic().items() if is_expected(opcode, DEFAULT_FACILITIES)}
    assert not there - declared - engine_instructions().keys()


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
        ("AGRK 1,2,3", "b9e83012"),
        ("CPSDR 1,2,3", "b3722013"),
        ("LZDR 3", "b3750030"),
        ("CRB 1,2,8,0(14)", "ec12e00080f6"),
        ("CLGIB 1,200,2,4(14)", "ec12e004c8fd"),
        ("CIB 1,-3,4,4(14)", "ec14e004fdfe"),
        ("CGIT 1,-2,8", "ec10fffe8070"),
        ("CLFIT 1,65535,2", "ec10ffff2073"),
        ("AHIK 1,2,-3", "ec12fffd00d8"),
        ("LOCGHI 1,-2,8", "ec18fffe0046"),
        ("AGSI -8(2),-1", "ebff2ff8ff7a"),
        ("CLIY 0(2),255", "ebff20000055"),
        ("MVHHI 0(1),-2", "e5441000fffe"),
        ("CLFHSI 8(1),65535", "e55d1008ffff"),
        ("SLL 1,3(2)", "89102003"),
        ("BXLE 1,4,8(3)", "87143008"),
        ("TP 0(5,1)", "eb40100000c0"),
        ("PFD 2,-8(1,2)", "e3212ff8ff36"),
        ("BPP 1,*+8,0(2)", "c71020000004"),
        ("BPRP 1,*+8,*+16", "c51004000008"),
        ("NIAI 1,2", "b2fa0012"),
        # Of the vector formats, registers beyond 15, too.
        ("VREPI 1,-1,0", "e710ffff0045"),
        ("VGM 31,1,30,2", "e7f0011e2846"),
        ("VSLDB 1,18,3,4", "e71230040477"),
        ("VERIM 1,2,3,7,1", "e71230071072"),
        ("VFTCI 1,2,0xFFF,3,8", "e712fff8304a"),
        ("VISTR 1,2,1,1", "e7120010105c"),
        ("VFAE 1,2,3,0,5", "e71230500082"),
        ("VA 17,2,30,3", "e712e0003af3"),
        ("VMAL 1,18,3,20,2", "e712320045aa"),
        ("VSTRC 1,2,3,4,1,8", "e7123180408a"),
        ("VSEL 1,2,3,20", "e7123000418d"),
        ("VLVGP 20,1,2", "e74120000862"),
        ("VLM 16,31,0(1)", "e70f10000c36"),
        ("VLGV 1,18,3,2", "e71200032421"),
        ("VGEF 19,4(20,3),2", "e73430042c13"),
        ("VLREP 4,0(2,3),1", "e74230001005"),
    ),
)
def test_text(text: str, code: str) -> None:
    assert assemble(text).hex() == code
