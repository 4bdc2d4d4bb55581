# SPDX-License-Identifier: GPL-2.0-or-later
"""A report as a badge: how many of the programs that were run have passed, as SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from tools.conform.results import Outcome
from tools.conform.texts import xml_text

if TYPE_CHECKING:
    from typing import TextIO

    from tools.conform.results import SuiteReport

_GREEN: Final = "#2e7d32"
_RED: Final = "#c62828"
_GREY: Final = "#616161"
_LETTER: Final = 7
"""Units that a letter takes, about."""
_MARGIN: Final = 12
_BADGE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{left}: {right}">
<title>{left}: {right}</title>
<rect width="{width}" height="20" rx="3" fill="#424242"/>
<path d="M{split} 0h{rest}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{rest}z" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{left_middle}" y="14">{left}</text>
<text x="{right_middle}" y="14">{right}</text>
</g>
</svg>
"""


def write_badge(file: TextIO, report: SuiteReport) -> None:
    """Write *report* as a badge: green if nothing failed, red if something did, grey if not all was run."""
    counted = report.totals
    failures = sum(counted.get(outcome.value, 0) for outcome in Outcome if outcome.is_failure)
    passed = counted.get(Outcome.PASSED.value, 0)
    ran = passed + failures + counted.get(Outcome.KNOWN.value, 0)
    left, right = xml_text(report.suite), f"{passed} of {ran}"
    split, rest = _MARGIN + _LETTER * len(left), _MARGIN + _LETTER * len(right)
    file.write(
        _BADGE.format(
            width=split + rest,
            split=split,
            rest=rest - 3,
            left=escape(left),
            right=escape(right),
            left_middle=split / 2,
            right_middle=split + rest / 2,
            colour=_RED if failures else _GREY if report.not_run else _GREEN,
        )
    )
