# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for tests of the engine: the short addressing modes, and what was executed compiled."""

from __future__ import annotations

from collections import Counter

import pytest

from emu.engine.compiled_instructions import NAMES, CompiledInstructions
from emu.machine import Machine
from tests.support.addressing_modes import MODES, Mode, start


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Mode:
    """Each of the two modes."""
    return MODES[request.param]


@pytest.fixture(params=("free", "stepped"))
def in_mode(request: pytest.FixtureRequest, mode: Mode) -> Machine:
    """A machine with storage behind the last address of the mode, running freely or step by step."""
    return start((mode.end >> 20) + 1, is_stepped=request.param == "stepped")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each instruction was executed compiled."""
    counted: Counter[str] = Counter()
    count_executed = CompiledInstructions.count_executed

    def note(instructions: CompiledInstructions) -> None:
        counted.update(dict(zip(NAMES, instructions._counts.tolist(), strict=False)))
        count_executed(instructions)

    monkeypatch.setattr(CompiledInstructions, "count_executed", note)
    return counted
