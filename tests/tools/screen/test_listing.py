# SPDX-License-Identifier: GPL-2.0-or-later
"""The listing: what is before the next instruction, and symbols."""

from __future__ import annotations

from emu import AtAddress, open_bytes, open_program
from guest_kernel.native.shipped import image_path
from tools.screen import listing
from tools.screen.sources import SourceTexts

NO_SOURCES = SourceTexts()
_CODE = bytes.fromhex("c02f001000001812b9ab20321834b9ab1042")


def test_the_instructions_before_the_next_one() -> None:
    session = open_bytes(_CODE)
    session.step(3)
    session.stops.add(AtAddress(0x10006))
    lines = listing.draw(session, 6, NO_SOURCES).plain.splitlines()
    assert lines[:5] == [
        "* 00010006 LR 1,2",
        "  00010008 ESSA 3,2,2",
        " >0001000c LR 3,4",
        "  0001000e ESSA 4,2,1",
        lines[4],
    ]


def test_the_function_is_gone_through_from_its_beginning() -> None:
    session = open_program(image_path("hello"))
    session.step(60)
    lines = listing.draw(session, 12, NO_SOURCES).plain.splitlines()
    named = session.symbols.nearest(session.cpu.instruction_address)
    assert named is not None
    assert any(
        line.startswith(f"<{named.symbol.name}>") for line in listing.draw(session, 60, NO_SOURCES).plain.splitlines()
    )
    assert sum(line[1:2] == ">" for line in lines) == 1
    assert len(lines) == 12


def test_no_instruction_there() -> None:
    session = open_bytes(_CODE, memory="1M")
    session.set_register("pswa", 0x200000)
    assert listing.draw(session, 5, NO_SOURCES).plain == " >00200000 (no instruction there)"
