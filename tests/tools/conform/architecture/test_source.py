# SPDX-License-Identifier: GPL-2.0-or-later
"""Names in assembler text."""

from __future__ import annotations

import pytest

from emu.isa.assembler import AssemblyError
from tools.conform.architecture.source import assemble_parts, evaluate


def test_a_name_stands_for_its_address() -> None:
    text = """
        first: LLILF 1,there+8      # a comment with first: in it
        BRC 15,first
    second: third:
        LG 2,place-2
        DC A(second)
    """
    code, names = assemble_parts({0x1000: text, 0x2000: "there: DC X'00'"}, {"place": 0x4002})
    assert code[0x1000].hex() == "c01f00002008" + "a7f4fffd" + "e32000000404" + "000000000000100a"
    assert {name: names[name] for name in ("first", "second", "third", "there")} == {
        "first": 0x1000,
        "second": 0x100A,
        "third": 0x100A,
        "there": 0x2000,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("LG 1,elsewhere", "elsewhere: there is no such name"),
        ("LGHI 1,1\nFROB 1", "line 2: FROB 1: FROB is not an instruction that is known here"),
        ("here: here: LGHI 1,1", "line 1: here is there twice"),
        ("known: LGHI 1,1", "line 1: known is there twice"),
    ),
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(AssemblyError, match=message):
        assemble_parts({0x1000: text}, {"known": 1})


def test_values() -> None:
    assert [evaluate(value, {"a": 16}) for value in (5, "a", "a+0x10", "a-1")] == [5, 16, 32, 15]
    with pytest.raises(AssemblyError, match="expected a name"):
        evaluate("1+a", {"a": 16})
