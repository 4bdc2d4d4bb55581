# SPDX-License-Identifier: GPL-2.0-or-later
"""Which forms are the model's: compiled code decides as the declarations do."""

from __future__ import annotations

import random
from typing import Any

import pytest

from emu.engine.blocks import BY_FORM, CANDIDATE
from emu.engine.interception import candidates
from emu.engine.rules import forms, pure
from emu.isa.declaration import Instruction, decode

FORMS = forms.forms()


def as_python(source: str, name: str, more: dict[str, Any]) -> Any:
    """The function *name* of *source*, executed as Python with whole numbers."""
    namespace = dict(pure.NAMES) | {"uint64": int, "ZERO": 0} | more
    exec(source, namespace)
    return namespace[name]


def some_of(declared: Instruction) -> list[int]:
    """Instructions of this opcode with all other bits zeros, ones, and at random; reserved bits among them."""
    generator = random.Random(declared.opcode)
    form, width = declared.format, 8 * declared.format.length
    opcode = form.compose(declared.opcode, {field.name: 0 for field in form.fields})
    others = sum(1 << width - 1 - bit for bit in range(width))
    for start, length in form.opcode:
        others &= ~sum(1 << width - 1 - bit for bit in range(start, start + length))
    return [opcode | bits & others for bits in (0, -1, *(generator.getrandbits(width) for _ in range(200)))]


@pytest.mark.parametrize("number", FORMS, ids=lambda number: FORMS[number].mnemonic)
def test_each_form_is_decided_as_its_declaration_does(number: int) -> None:
    declared = FORMS[number]
    name = forms.form_name(declared)
    is_for_model = as_python(forms.form_source(declared), name, {})
    answers = set()
    for raw in some_of(declared):
        length = declared.format.length
        found = decode(raw.to_bytes(length, "big"))
        assert found is not None
        for address in (0x10000, 0x10002, 0x10004, 0x10006):
            expected = found[0].is_for_model(found[1], address)
            assert bool(is_for_model(address, raw)) == expected
            answers.add(expected)
    # Of others it is an addressing mode, or what registers hold.
    assert len(answers) == 2 or declared.only_in_64_bit_mode or declared.with_registers is not None


def test_the_number_leads_to_the_right_one() -> None:
    seen: list[tuple[str, int, int]] = []

    def noted(declared: Instruction) -> Any:
        return lambda address, raw: seen.append((declared.mnemonic, address, raw)) or 0

    functions = {forms.form_name(each): noted(each) for each in FORMS.values()}
    is_for_model = as_python(forms.source(), forms.NAME, functions)
    for number, declared in FORMS.items():
        assert is_for_model(number, 0x10000, 0xABCD << 64 - 8 * declared.format.length) == 0
        assert seen[-1] == (declared.mnemonic, 0x10000, 0xABCD)
    assert is_for_model(next(each for each in range(1000) if each not in FORMS), 0x10000, 0) == 1


def test_the_table_says_that_the_form_decides() -> None:
    table = candidates()
    # LGRL 1, of which Unicorn does not check the alignment; EXRL 1; LARL 1, and EX.
    assert [int(table[first]) & (CANDIDATE | BY_FORM) for first in (0xC418, 0xC610, 0xC010, 0x4410)] == [
        BY_FORM,
        BY_FORM,
        0,
        CANDIDATE,
    ]
    apart = candidates(operands_are_apart=True)
    assert int(apart[0xC418]) & (CANDIDATE | BY_FORM) == CANDIDATE | BY_FORM
