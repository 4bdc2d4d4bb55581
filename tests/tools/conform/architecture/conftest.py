# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases made by hand."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import VERIFIED, Case, FinalState, Going, program


@pytest.fixture
def tiny() -> Case:
    """An operation exception, and one instruction after it."""
    return Case(
        name="tiny",
        rule="r",
        source="s",
        basis=VERIFIED,
        registers={3: 5},
        code="bad: DC X'0000'\nafter: LGHI 3,7",
        events=(program(Code.OPERATION, ilc=2, at="after", going=Going.OLD),),
        end=FinalState(registers={3: 7}),
    )
