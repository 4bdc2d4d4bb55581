# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for tests of the engine in the 24- and 31-bit addressing modes."""

from __future__ import annotations

import pytest

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
