# SPDX-License-Identifier: GPL-2.0-or-later
"""What is left out, and what is expected of a machine."""

from __future__ import annotations

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.coverage.architecture import is_expected, left_out
from emu.facilities import DEFAULT_FACILITIES, PARTIAL
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.facility_table import facility_of
from emu.isa.opcodes import Opcode


def test_what_is_left_out_is_of_the_basic_machine_or_of_a_facility_that_is_there_in_part() -> None:
    assert {facility_of(opcode) for opcode in left_out()} == {None, *PARTIAL}
    assert not left_out().keys() & {Opcode.parse(each.opcode_text) for each in INSTRUCTIONS}


def test_what_is_expected() -> None:
    without_vectors = DEFAULT_FACILITIES - {129}
    assert is_expected(Opcode.parse("1A"), DEFAULT_FACILITIES)
    assert not is_expected(Opcode.parse("B214"), DEFAULT_FACILITIES)
    assert is_expected(Opcode.parse("E7F3"), DEFAULT_FACILITIES)
    assert not is_expected(Opcode.parse("E7F3"), without_vectors)
    assert is_expected(Opcode.parse("B99A"), DEFAULT_FACILITIES)
    assert not is_expected(Opcode.parse("B99A"), DEFAULT_FACILITIES - {6})
    assert not is_expected(Opcode.parse("B99E"), DEFAULT_FACILITIES)
