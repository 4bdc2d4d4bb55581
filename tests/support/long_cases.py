# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases by seed, of which a few are tried always and all with ``--long``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet


def first_of(count: int, seeds: Sequence[int]) -> list[ParameterSet]:
    """Parameters: *count* of *seeds*, and the others as long cases."""
    return [pytest.param(seed, marks=() if place < count else pytest.mark.long) for place, seed in enumerate(seeds)]
