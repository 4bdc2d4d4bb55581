# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that a report is written to: looked at before anything runs, each written whatever others come to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tools.conform.badge import write_badge
from tools.conform.comparison import print_comparison
from tools.conform.junit import write_junit
from tools.conform.page.page import write_page
from tools.conform.saved import read_report, write_json
from tools.conform.tap import write_tap
from tools.usage.outputs import check_apart, do_all, optional_output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack

    from tools.conform.options import DocumentOptions
    from tools.conform.results import SuiteReport
    from tools.usage.outputs import Names


class Documents:
    """What is to be written of a report that there is not yet."""

    def __init__(self, files: ExitStack, wanted: DocumentOptions, read: Mapping[str, Names], suite: str) -> None:
        """Look at what is *wanted* of a report of the *suite*; until *files* are closed nothing else is printed there.

        :param read: other files that are read or written, by their options, which are not written over.
        :raises UsageError: if one cannot be written, or would take the place of another, or what it is compared with
            is no report of the suite.
        """
        read = {**read, "--compare": wanted.compare, "--baseline": wanted.baseline}
        names = {f"--{name}": getattr(wanted, name) for name in ("json", "junit", "tap", "html", "badge")}
        for option, name in names.items():
            check_apart(option, name, read | {other: each for other, each in names.items() if other != option})
        self._other = None if wanted.compare is None else read_report("--compare", wanted.compare, suite)
        self._outputs = {option: optional_output(files, option, name) for option, name in names.items()}

    def write(self, report: SuiteReport) -> None:
        """Write *report* in every form that is wanted, and print what differs from the one that it is compared with.

        :raises UsageError: in the end, if some cannot be written.
        """
        if self._other is not None:
            print_comparison(report, self._other)
        writers: dict[str, Callable[..., None]] = {
            "--json": write_json,
            "--junit": write_junit,
            "--tap": write_tap,
            "--badge": write_badge,
            "--html": partial(write_page, other=self._other),
        }
        do_all(
            partial(output.put, partial(writers[option], report=report))
            for option, output in self._outputs.items()
            if output is not None
        )
