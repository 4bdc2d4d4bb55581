# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that a report is written to: opened before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.conform.badge import write_badge
from tools.conform.comparison import print_comparison
from tools.conform.junit import write_junit
from tools.conform.page.page import write_page
from tools.conform.saved import read_report, write_json
from tools.conform.tap import write_tap
from tools.usage.outputs import check_apart, open_document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from tools.conform.options import DocumentOptions
    from tools.conform.results import SuiteReport


class Documents:
    """What is to be written of a report that there is not yet."""

    def __init__(self, files: ExitStack, wanted: DocumentOptions, read: Mapping[str, str | None], suite: str) -> None:
        """Open what is *wanted* of a report of the *suite*; *files* close it.

        :param read: files that are read besides, by their options, which are not written over.
        :raises UsageError: if one cannot be written, or would take the place of another, or what it is compared with
            is no report of the suite.
        """
        read = {**read, "--compare": wanted.compare, "--baseline": wanted.baseline}
        names = {f"--{name}": getattr(wanted, name) for name in ("junit", "json", "tap", "html", "badge")}
        for option, name in names.items():
            check_apart(option, name, read | {other: each for other, each in names.items() if other != option})
        self._other = None if wanted.compare is None else read_report("--compare", wanted.compare, suite)
        self._files = {option: open_document(files, option, name) for option, name in names.items()}

    def write(self, report: SuiteReport) -> None:
        """Write *report* in every form that is wanted, and print what differs from the one that it is compared with."""
        if self._other is not None:
            print_comparison(report, self._other)
        writers = {"--junit": write_junit, "--json": write_json, "--tap": write_tap, "--badge": write_badge}
        for option, write in writers.items():
            file = self._files[option]
            if file is not None:
                write(file, report)
        page = self._files["--html"]
        if page is not None:
            write_page(page, report, self._other)
