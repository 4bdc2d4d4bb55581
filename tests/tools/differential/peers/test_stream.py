# SPDX-License-Identifier: GPL-2.0-or-later
"""A stream: its record, its line, and what is none."""

from __future__ import annotations

import pytest

from emu.isa.opcodes import Opcode
from tests.tools.differential.peers.conftest import stream
from tools.differential.peers import layout
from tools.differential.peers.stream import RecordFields, Stream


def test_record_has_all_that_is_set() -> None:
    made = stream(
        "1812",
        registers=tuple(range(16)),
        access=tuple(range(16)),
        vectors=tuple(range(32)),
        fpc=3,
        data={0x20008: "0123456789abcdef"},
        targets=("1834",),
    )
    record = made.record()
    assert len(record) == layout.RECORD_BYTES
    assert record[RecordFields.GENERAL + 8 * 15 :][:8] == (15).to_bytes(8, "big")
    assert record[RecordFields.ACCESS + 4 * 15 :][:4] == (15).to_bytes(4, "big")
    assert record[RecordFields.VECTORS + 16 * 31 :][:16] == (31).to_bytes(16, "big")
    assert record[RecordFields.FPC :][:4] == (3).to_bytes(4, "big")
    assert record[RecordFields.CODE :][:4] == bytes.fromhex("1812") + layout.END
    assert record[RecordFields.TARGETS :][:2] == bytes.fromhex("1834")
    frame = layout.FRAMES + 0x1000 * layout.DATA.index(0x20000) + 8
    assert record[RecordFields.PATCHES :][:16] == frame.to_bytes(8, "big") + bytes.fromhex("0123456789abcdef")


def test_patches_of_a_process_are_at_virtual_addresses() -> None:
    record = stream("1812", data={0x20008: "0123456789abcdef"}).record(0x9080_5000)
    assert record[RecordFields.PATCHES :][:8] == (0x20008).to_bytes(8, "big")
    assert record[RecordFields.PATCHES + 16 :][:8] == (0x9080_5000).to_bytes(8, "big")


def test_line_and_back() -> None:
    made = stream("1812", "b9080012", data={0x20008: "00" * 8}, targets=("1834",))
    assert Stream.from_line(made.to_line()) == made
    assert "vectors" not in made.to_line()


def test_opcodes_have_those_of_targets_where_there_is_an_execute() -> None:
    assert stream("1812", targets=("1a12",)).opcodes() == {Opcode(0x18)}
    assert stream("4400d000", targets=("1a12",)).opcodes() == {Opcode(0x44), Opcode(0x1A)}


def test_a_branch_back_is_known() -> None:
    assert stream("b2a60024", "a714fffe").ends_in_branch_back
    assert not stream("b2a60024", "a7140002").ends_in_branch_back


@pytest.mark.parametrize(
    ("line", "text"),
    (
        ("nonsense", "expected a stream"),
        ('{"seed":1,"instructions":["18"],"mask":0}', "instructions: expected an instruction in hexadecimal, not '18'"),
        ('{"seed":1,"instructions":[],"mask":0,"cr0":-1}', "cr0: expected 1 of 64 bits"),
        ('{"seed":1,"instructions":[],"mask":0,"start":3}', "start: expected an even address"),
        ('{"seed":1,"instructions":[],"mask":0,"data":{"8193":"00"}}', "data: expected doublewords"),
        ('{"seed":1,"instructions":[],"mask":0,"color":1}', "nothing of one is called 'color'"),
    ),
)
def test_what_is_no_stream(line: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Stream.from_line(line)
