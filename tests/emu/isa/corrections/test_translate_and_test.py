# SPDX-License-Identifier: GPL-2.0-or-later
"""TRANSLATE AND TEST REVERSE: general register 1 in each addressing mode, also as the target of an EXECUTE."""

from __future__ import annotations

import pytest

from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

START = 0x10000
RUBBISH = 0xFEDC_BA98_FEDC_BA00
TRTR = "d00320003000"
"""TRTR 0(4,2),0(3)"""
FORMS = {"TRTR": TRTR, "EX": "44104100", "EXRL": "c61000000080"}
MODES = {
    64: (ADDRESSING_MODE, 0x2000),
    31: (BASIC_ADDRESSING, 0xFEDC_BA98_8000_2000),
    24: (0, 0xFEDC_BA98_FE00_2000),
}


@pytest.fixture(autouse=True)
def table(machine) -> None:
    """Function bytes for the arguments 2 and 6 only."""
    machine.storage.write(0x3002, b"\x07")
    machine.storage.write(0x3006, b"\x05")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("data", "offset", "function", "condition_code"),
    (("06050204", 2, 7, 1), ("06050504", 0, 5, 2), ("01050504", None, None, 0)),
)
def test_from_right_to_left(execute, cpu, form, mode, data, offset, function, condition_code) -> None:
    mask, place = MODES[mode]
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False
    cpu.gr[1], cpu.gr[2], cpu.gr[3], cpu.gr[4] = RUBBISH, 0x2003, 0x3000, START
    # SAM64 before the end.
    assert execute(FORMS[form] + "010e", x10100=TRTR, x2000=data).condition_code == condition_code
    if offset is None:
        assert (cpu.gr[1], cpu.gr[2]) == (RUBBISH, 0x2003)
    else:
        assert (cpu.gr[1], cpu.gr[2]) == (place | offset, 0x2000 | function)
