# SPDX-License-Identifier: GPL-2.0-or-later
"""Pieces of work for processes of their own, which have to find them here."""

from __future__ import annotations

import os
import signal
import time

from tools.processes.side_by_side import Reporter
from tools.usage.errors import UsageError


def double(job: int, reporter: Reporter) -> int:
    """Twice *job*."""
    reporter.begin(job)
    reporter.advance(job)
    return 2 * job


def wait_for_the_end(job: int, reporter: Reporter) -> int:
    """Go on until that is no longer wanted."""
    while not reporter.is_stopped:
        time.sleep(0.01)
    return job


def refuse(job: int, reporter: Reporter) -> int:
    """Wrong use."""
    raise UsageError(f"--number: expected another one than {job}")


def vanish(job: int, reporter: Reporter) -> int:
    """End the process."""
    os._exit(job)


def vanish_by_seven(job: int, reporter: Reporter) -> int:
    """Twice *job*, but 7 ends the process."""
    if job == 7:
        os._exit(job)
    return 2 * job


def are_signals_blocked(job: int, reporter: Reporter) -> bool:
    """Whether neither Ctrl-C nor SIGTERM reaches this process."""
    return {signal.SIGINT, signal.SIGTERM} <= signal.pthread_sigmask(signal.SIG_BLOCK, ())
