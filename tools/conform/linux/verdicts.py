# SPDX-License-Identifier: GPL-2.0-or-later
"""What a Linux program comes to: its exit status, and what it tells in TAP, the Test Anything Protocol, version 13.

Programs of kselftest write TAP, and have the exit status 4 for one that leaves itself out; automake's have 77.
"""

from __future__ import annotations

import re
import signal
from typing import Final

from tools.conform.results import FAILING, Check, Outcome

_CHECK: Final = re.compile(
    r"^( *)(ok|not ok)(?: +\d+)?(?: +(?:- +)?(.*?))??(?: +# *(?i:(skip|todo)\S*)(?: +(.*?))?)? *$", re.MULTILINE
)
"""A check: how far to the right it stands, whether it passed, its name, and a directive with what it says."""
_PLAN: Final = re.compile(r"^1\.\.(\d+) *(?:# *(?i:skip)\S* *(.*?))? *$", re.MULTILINE)
_BAILED_OUT: Final = re.compile(r"^Bail out! *(.*?) *$", re.MULTILINE)
_SKIPPED: Final = (4, 77)
_SIGNALLED: Final = 128


def read_checks(text: str) -> tuple[Check, ...]:
    """The checks that a program tells of in *text*, those of checks that consist of others included."""
    return tuple(
        Check(_verdict(word == "ok", directive.lower()), name, text=reason)
        for _, word, name, directive, reason in _CHECK.findall(text)
    )


def _verdict(is_passed: bool, directive: str) -> str:
    if directive == "skip":
        return "SKIP"
    if is_passed:
        return "PASS"
    # What is still to be done is expected to fail.
    return "XFAIL" if directive == "todo" else "FAIL"


def judge(status: int, text: str) -> tuple[Outcome, str]:
    """What a program with this exit *status* that has written *text* comes to, and why."""
    bailed_out = _BAILED_OUT.search(text)
    if bailed_out is not None:
        return Outcome.FAILED, f"bailed out: {bailed_out[1]}"
    failed = [check.name for check in read_checks(text) if check.verdict in FAILING]
    if failed:
        return Outcome.FAILED, failed[0] or "a check without a name"
    if status in _SKIPPED:
        return Outcome.SKIPPED, f"exit status {status}"
    if status:
        return Outcome.FAILED, _failure(status)
    plan = _PLAN.search(text)
    if plan is not None:
        planned, found = int(plan[1]), sum(not indented for indented, *_ in _CHECK.findall(text))
        if planned != found:
            return Outcome.FAILED, f"planned {planned} checks, and told of {found}"
        if not planned:
            return Outcome.SKIPPED, plan[2] or "nothing is planned"
    return Outcome.PASSED, ""


def _failure(status: int) -> str:
    """What an exit *status* that is not zero means; a shell tells by one over 128 of a signal."""
    number = status - _SIGNALLED
    if number in set(signal.Signals):
        return f"exit status {status}: ended by signal {number}, {signal.Signals(number).name}"
    return f"exit status {status}"
