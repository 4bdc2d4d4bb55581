# SPDX-License-Identifier: GPL-2.0-or-later
"""The badge."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import pytest

from tests.support.reports import RESULTS, report
from tools.conform.badge import write_badge
from tools.conform.results import Result

RIGHT, WRONG, ODD, ABSENT, STRANGE, SLOW, LOST = RESULTS
GREEN, RED, GREY = "#2e7d32", "#c62828", "#616161"


@pytest.mark.parametrize(
    ("results", "not_run", "text", "colour"),
    (
        ((RIGHT,), (), "1 of 1", GREEN),
        ((RIGHT, ODD, ABSENT, STRANGE), (), "1 of 2", GREEN),
        ((RIGHT, WRONG), (), "1 of 2", RED),
        ((RIGHT, SLOW, LOST), (), "1 of 3", RED),
        ((RIGHT,), ("other",), "1 of 1", GREY),
    ),
)
def test_what_it_says(results: tuple[Result, ...], not_run: tuple[str, ...], text: str, colour: str) -> None:
    file = io.StringIO()
    write_badge(file, report(*results, not_run=not_run))
    root = ET.fromstring(file.getvalue())
    assert root.get("aria-label") == f"a suite: {text}"
    (coloured,) = root.iter("{http://www.w3.org/2000/svg}path")
    assert coloured.get("fill") == colour
