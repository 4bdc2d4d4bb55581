# SPDX-License-Identifier: GPL-2.0-or-later
"""A report as JUnit's XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import junitparser

from tools.conform.results import FAILING, Outcome
from tools.conform.texts import xml_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from tools.conform.results import Result, SuiteReport


def write_junit(file: TextIO, report: SuiteReport) -> None:
    """Write *report*: a suite for each program, a case for each check; what the program demands is properties."""
    document = junitparser.JUnitXml(xml_text(report.suite))
    for result in report.programs:
        suite = junitparser.TestSuite(xml_text(result.name))
        for name, text in result.entry.demand.items():
            suite.add_property(name, xml_text(text))
        suite.extend(_cases(result))  # type: ignore[no-untyped-call]
        # All is counted once, and no suite is looked for among the others: either takes the longer the more there are.
        document.append(suite)  # type: ignore[no-untyped-call]
    document.update_statistics()  # type: ignore[no-untyped-call]
    document.write(file.buffer, pretty=True)


def _cases(result: Result) -> Iterator[junitparser.TestCase]:
    program = xml_text(result.name)
    whole = junitparser.TestCase("the program", program, result.seconds)
    reason = xml_text(result.reason)
    if not result.outcome.is_failure and result.outcome is not Outcome.PASSED:
        whole.result = [junitparser.Skipped(reason)]
    elif result.outcome is Outcome.FAILED:
        whole.result = [junitparser.Failure(reason)]
    elif result.outcome is not Outcome.PASSED:
        whole.result = [junitparser.Error(reason, result.outcome.value)]
    for each in whole.result:
        if result.last_steps:
            each.text = xml_text("\n".join(result.last_steps))
    if result.outcome.is_failure:
        whole.system_out = xml_text(result.console)
    yield whole
    for check in result.checks:
        text = xml_text(check.text or check.verdict)
        for name in check.names:
            case = junitparser.TestCase(xml_text(name), program, 0)
            # What is known to fail does not make the suite fail.
            if check.verdict in FAILING and result.outcome is not Outcome.KNOWN:
                case.result = [junitparser.Failure(text)]
            elif check.verdict in ("SKIP", *FAILING):
                case.result = [junitparser.Skipped(text)]
            yield case
