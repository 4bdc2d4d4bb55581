# SPDX-License-Identifier: GPL-2.0-or-later
"""Where each rule is written."""

from __future__ import annotations

import pytest

from emu.bits import bit
from emu.inspection.sources import source_of
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

Code = ProgramInterruptionCode


@pytest.mark.parametrize("code", Code)
def test_every_program_interruption_has_its_source(code: Code) -> None:
    assert source_of(ProgramInterruption(code)).startswith(("PoP 6, ", "page-hinting reference "))


def test_the_kind_of_protection_has_its_own_section() -> None:
    teid = bit(53) | bit(56)
    assert source_of(ProgramInterruption(Code.PROTECTION, translation_exception=teid)) == (
        'PoP 6, "Protection Exception"; PoP 3, "Low-Address Protection"'
    )


def test_an_unused_page_is_not_an_address_beyond_the_memory() -> None:
    condition = ProgramInterruption(Code.ADDRESSING)
    assert source_of(condition) == 'PoP 6, "Addressing Exception"'
    condition = ProgramInterruption(Code.ADDRESSING, unused_page=5)
    assert source_of(condition) == "page-hinting reference 2.4 (an unused page is touched)"
