# SPDX-License-Identifier: GPL-2.0-or-later
"""Images: ELF files that any machine can load."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emu.isa.assembler import assemble
from emu.lowcore import PROGRAM_NEW_PSW, RESTART_NEW_PSW
from emu.program import parse_program
from tools.conform.architecture import layout
from tools.conform.architecture.case import OUTSIDE, Case, FinalState, InterruptKey
from tools.conform.architecture.image import CaseError, make_image


def storage(case: Case, address: int, length: int) -> bytes:
    """What the ELF file of *case* puts there."""
    program = parse_program(make_image(case).elf(), "x")
    for segment in program.segments:
        if segment.address <= address < segment.address + len(segment.data):
            return segment.data[address - segment.address :][:length]
    raise AssertionError(f"nothing at {address:#x}")


def test_the_low_core_and_the_entry_are_in_the_image(tiny: Case) -> None:
    program = parse_program(make_image(tiny).elf(), "x")
    entry = program.entry.to_bytes(8, "big")
    assert storage(tiny, RESTART_NEW_PSW, 16) == bytes.fromhex("0000000180000000") + entry
    assert storage(tiny, PROGRAM_NEW_PSW, 8) == bytes.fromhex("0000000180000000")
    # LPSW, as the hardware's IPL does: bit 12 one, 31-bit addressing.
    assert storage(tiny, 0, 8) == (0x0008_0000_8000_0000 | program.entry).to_bytes(8, "big")
    assert not any(layout.PAGES <= each.address < layout.PAGES + 0x10000 for each in program.segments)


def test_the_file_has_the_segments_of_the_image(tiny: Case) -> None:
    image = make_image(tiny)
    program = parse_program(image.elf(), "x")
    assert program.entry == image.entry
    loaded = tuple((each.address, each.data.ljust(each.size, b"\0")) for each in program.segments)
    assert loaded == image.segments
    assert len(image.elf()) < 8 << 10


def test_the_code_of_the_case_ends_in_a_supervisor_call(tiny: Case) -> None:
    assert storage(tiny, layout.CODE, 8) == bytes(2) + assemble("LGHI 3,7") + assemble("SVC 255")


@pytest.mark.parametrize(
    ("changed", "message"),
    (
        ({"code": "FROB"}, "tiny: line 1: FROB: FROB is not an instruction that is known here"),
        ({"storage": {layout.CODE: 1}}, "tiny: two parts overlap at 0x8000"),
        ({"end": FinalState(pages={"page1": "Xr"})}, "tiny: expected a page state"),
        ({"pages": {"page1": "Up"}}, "tiny: no program makes a page Up by itself"),
        ({"end": FinalState(storage={"there": 1})}, "tiny: there: there is no such name"),
        ({"outside": (InterruptKey("there"),), "needs": (OUTSIDE,)}, "tiny: there: there is no such name"),
        (
            {"end": FinalState(storage={"after+1": 1})},
            "tiny: storage at after.1: expected it at a doubleword boundary, not",
        ),
    ),
)
def test_a_case_that_is_none(tiny: Case, changed: dict[str, object], message: str) -> None:
    with pytest.raises(CaseError, match=f"^{message}"):
        make_image(replace(tiny, **changed)).elf()  # type: ignore[arg-type]
