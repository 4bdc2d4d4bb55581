# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform report``: a report that was saved as JSON, in the other forms."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from tools.conform.baseline import print_differences, read_baseline
from tools.conform.documents import Documents
from tools.conform.lines import print_result, totals_line
from tools.conform.results import Outcome
from tools.conform.saved import read_report

if TYPE_CHECKING:
    from tools.conform.options import SavedReportOptions


def rewrite_report(wanted: SavedReportOptions) -> int:
    """Write what is *wanted*, and print a line for each program that has not just passed, and the totals.

    The exit status is 1 if a program does worse than in the baseline, or if one that is there is missing.

    :raises UsageError: if the file is no report, or one cannot be written.
    """
    report = read_report("REPORT", wanted.report)
    baseline = read_baseline(wanted.baseline, report.suite)
    with ExitStack() as files:
        documents = Documents(files, wanted, {"REPORT": wanted.report}, report.suite)
        for result in report.programs:
            if result.outcome is not Outcome.PASSED:
                print_result(result)
        print(totals_line(report))
        documents.write(report)
    if baseline is None:
        return 0
    return int(print_differences(report, baseline, [each.name for each in baseline.programs]))
