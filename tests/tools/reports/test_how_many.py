# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers of things."""

from __future__ import annotations

import pytest

from tools.reports.how_many import how_many


@pytest.mark.parametrize(("count", "text"), ((0, "0 times"), (1, "1 time"), (2, "2 times"), (1234, "1,234 times")))
def test_one_or_several(count: int, text: str) -> None:
    assert how_many(count, "time") == text
