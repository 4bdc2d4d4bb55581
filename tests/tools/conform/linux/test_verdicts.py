# SPDX-License-Identifier: GPL-2.0-or-later
"""What exit statuses and lines of the Test Anything Protocol come to."""

from __future__ import annotations

import pytest

from tools.conform.linux.verdicts import judge, read_checks
from tools.conform.results import Outcome


@pytest.mark.parametrize(
    ("status", "text", "outcome", "reason"),
    (
        (0, "", Outcome.PASSED, ""),
        (1, "", Outcome.FAILED, "exit status 1"),
        (4, "", Outcome.SKIPPED, "exit status 4"),
        (77, "", Outcome.SKIPPED, "exit status 77"),
        (132, "", Outcome.FAILED, "exit status 132: ended by signal 4, SIGILL"),
        (255, "", Outcome.FAILED, "exit status 255"),
        (0, "ok 1 - one\nnot ok 2 - two", Outcome.FAILED, "two"),
        (0, "not ok - broken", Outcome.FAILED, "broken"),
        (0, "not ok", Outcome.FAILED, "a check without a name"),
        (0, "not ok 1 - x # TODO later", Outcome.PASSED, ""),
        (0, "not ok 1 - x # skip no such device", Outcome.PASSED, ""),
        # What has failed is not left out.
        (4, "not ok 1 - x", Outcome.FAILED, "x"),
        (77, "not ok 1 - x", Outcome.FAILED, "x"),
        (0, "1..3\nok 1\nok 2\nok 3", Outcome.PASSED, ""),
        (0, "1..3\nok 1", Outcome.FAILED, "planned 3 checks, and told of 1"),
        (0, "ok 1\n1..2", Outcome.FAILED, "planned 2 checks, and told of 1"),
        (0, "1..1\n    1..2\n    ok 1\n    ok 2\nok 1 - both", Outcome.PASSED, ""),
        (0, "1..0 # SKIP no machine check", Outcome.SKIPPED, "no machine check"),
        (0, "1..3\nok 1\nBail out! no storage", Outcome.FAILED, "bailed out: no storage"),
        (1, "1..3\nok 1", Outcome.FAILED, "exit status 1"),
    ),
)
def test_what_a_program_comes_to(status: int, text: str, outcome: Outcome, reason: str) -> None:
    assert judge(status, text) == (outcome, reason)


def test_checks() -> None:
    text = """\
TAP version 13
1..5
ok 1 - first
ok 2 second
    not ok 1 - inner # TODO soon
ok 3 # SKIP no such facility
not ok 4 - fourth
okay
ok
"""
    assert [(check.verdict, check.name, check.text) for check in read_checks(text)] == [
        ("PASS", "first", ""),
        ("PASS", "second", ""),
        ("XFAIL", "inner", "soon"),
        ("SKIP", "", "no such facility"),
        ("FAIL", "fourth", ""),
        ("PASS", "", ""),
    ]
