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


def is_ctrl_c_blocked(job: int, reporter: Reporter) -> bool:
    """Whether this process hears of Ctrl-C."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
