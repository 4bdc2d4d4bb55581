# SPDX-License-Identifier: GPL-2.0-or-later
"""From how a run ended to the exit status."""

from __future__ import annotations

import pytest

from emu.machine import Stop, StopKind
from emu.psw import Psw
from tools.reports.verdict import ExitStatus, judge


def stopped(kind: StopKind, address: int = 0x1234) -> Stop:
    return Stop(kind, 0, Psw(0x0002000180000000, address), kind.value)


@pytest.mark.parametrize(
    ("stop", "status"),
    (
        (stopped(StopKind.DISABLED_WAIT, 0xFFF), ExitStatus.PASSED),
        (stopped(StopKind.DISABLED_WAIT, 0), ExitStatus.FAILED),
        (stopped(StopKind.DISABLED_WAIT, 0x1000), ExitStatus.UNASKED_STOP),
        (stopped(StopKind.ALL_STOPPED), ExitStatus.PASSED),
        (stopped(StopKind.POWERED_OFF), ExitStatus.PASSED),
        (stopped(StopKind.NOTHING_TO_WAIT_FOR), ExitStatus.UNASKED_STOP),
        (stopped(StopKind.CHECK_STOP), ExitStatus.UNASKED_STOP),
        (stopped(StopKind.PROGRAM_LOOP), ExitStatus.UNASKED_STOP),
        (stopped(StopKind.NOT_MODELLED), ExitStatus.UNASKED_STOP),
        (stopped(StopKind.REQUESTED), ExitStatus.UNASKED_STOP),
        (stopped(StopKind.BUDGET), ExitStatus.BUDGET),
    ),
)
def test_stop(stop: Stop, status: ExitStatus) -> None:
    verdict = judge(stop, "")
    assert verdict.status is status
    assert verdict.is_noteworthy is (status in (ExitStatus.UNASKED_STOP, ExitStatus.BUDGET))


def test_every_kind_of_stop_has_a_verdict() -> None:
    for kind in StopKind:
        assert judge(stopped(kind), "").text


@pytest.mark.parametrize(
    ("line", "status"),
    (
        ("EXIT: STATUS=1", ExitStatus.PASSED),
        ("EXIT: STATUS=3", ExitStatus.FAILED),
        ("EXIT: STATUS=155", ExitStatus.PASSED),
        ("EXIT: STATUS=255", ExitStatus.FAILED),
    ),
)
def test_reported_status(line: str, status: ExitStatus) -> None:
    assert judge(stopped(StopKind.ALL_STOPPED), f"PASS: x\n\n{line}\n").status is status


def test_skip_is_said() -> None:
    verdict = judge(stopped(StopKind.ALL_STOPPED), "EXIT: STATUS=155\r\n")
    assert verdict.text == "skipped: the program reported status 77"
    assert verdict.is_noteworthy


def test_last_reported_status_counts() -> None:
    assert judge(stopped(StopKind.ALL_STOPPED), "EXIT: STATUS=1\nEXIT: STATUS=3\n").status is ExitStatus.FAILED


def test_status_within_a_line_does_not_count() -> None:
    assert judge(stopped(StopKind.DISABLED_WAIT, 0), "say EXIT: STATUS=1\n").status is ExitStatus.FAILED


def test_reported_status_does_not_excuse_a_crash() -> None:
    assert judge(stopped(StopKind.PROGRAM_LOOP), "EXIT: STATUS=1\n").status is ExitStatus.UNASKED_STOP
