# SPDX-License-Identifier: GPL-2.0-or-later
"""A small scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_scenario import SMALL


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A scenario of 2 MB in a file."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path
