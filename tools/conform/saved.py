# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports as JSON, written and read again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from emu.input_files.reading import read_whole
from tools.conform.results import SuiteReport, totals
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from typing import TextIO


def write_json(file: TextIO, report: SuiteReport) -> None:
    """Write *report* so that :func:`read_report` reads it."""
    file.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")


def read_report(option: str, name: str, suite: str | None = None) -> SuiteReport:
    """The report in the file *name*, which *option* names.

    :param suite: what it must be a report of; None: of any suite.
    :raises UsageError: if it is not what :func:`write_json` writes, or of another suite.
    """
    report = _read(option, name)
    counted = {outcome: count for outcome, count in report.totals.items() if count}
    if counted != {outcome: count for outcome, count in totals(report.programs).items() if count}:
        raise UsageError(f"{option}: {name}: expected what --json has written: `totals` are not those of its programs")
    if suite not in (None, report.suite):
        raise UsageError(f"{option}: {name}: expected a report of {suite}, not of {report.suite}")
    return report


def _read(option: str, name: str) -> SuiteReport:
    try:
        return msgspec.json.decode(read_whole(Path(name)), type=SuiteReport)
    except OSError as reason:
        raise UsageError(f"{option}: {name} cannot be read: {reason.strerror}") from None
    except (msgspec.DecodeError, RecursionError) as reason:
        raise UsageError(f"{option}: {name}: expected what --json has written: {reason}") from None
