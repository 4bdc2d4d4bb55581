# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for the tests of the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import write_program
from tests.support.elf import ESSA_PROGRAM, ending_program


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program that executes ESSA twice and passes."""
    return write_program(tmp_path, ending_program(ESSA_PROGRAM))
