# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP."""

from __future__ import annotations

import io
import json

from tests.support.reports import RESULTS, STEPS, report
from tools.conform.tap import write_tap


def written(*arguments: object, not_run: tuple[str, ...] = ()) -> list[str]:
    file = io.StringIO()
    write_tap(file, report(*RESULTS, not_run=not_run))
    return file.getvalue().splitlines()


def test_a_point_for_each_program() -> None:
    lines = written()
    assert lines[:2] == ["TAP version 14", "1..7"]
    assert [line for line in lines if line.startswith(("ok", "not ok"))] == [
        "ok 1 - right",
        "not ok 2 - wrong",
        "not ok 3 - odd # TODO as it was made",
        "ok 4 - absent # SKIP no such facility",
        "ok 5 - strange # SKIP sysreset: not known",
        "not ok 6 - slow",
        "not ok 7 - lost",
    ]


def test_a_subtest_has_the_checks() -> None:
    lines = written()
    first = lines.index("    # Subtest: right")
    assert lines[first + 1 : first + 4] == [
        "    1..2",
        "    ok 1 - stays",
        "    ok 2 - moves # SKIP no \\# such facility",
    ]
    assert "    not ok 1 - becomes" in lines
    assert "    not ok 2 - free: late" in lines
    assert "    not ok 3 - stepped: late" in lines


def test_what_failed_is_explained_as_yaml() -> None:
    lines = written()
    first = lines.index("not ok 2 - wrong")
    assert lines[first + 1 : first + 5] == [
        "  ---",
        '  rule: "A page </script> becomes volatile."',
        '  outcome: "failed"',
        '  message: "becomes"',
    ]
    name, _, steps = lines[first + 5].partition(": ")
    assert (name, tuple(json.loads(steps)), lines[first + 6]) == ("  last_steps", STEPS, "  ...")


def test_what_a_program_demands_is_told_whatever_comes_of_it() -> None:
    lines = written()
    first = lines.index("ok 1 - right")
    assert lines[first + 1 : first + 7] == [
        "  ---",
        '  section: "Page hinting"',
        '  rule: "A page that is stable stays so."',
        '  source: "reference 2.1"',
        '  basis: "verified"',
        "  ...",
    ]
    # Nothing is known of what the fourth is for.
    assert lines[lines.index("ok 4 - absent # SKIP no such facility") + 1][:2] != "  "


def test_a_check_that_failed_tells_what_was_found() -> None:
    lines = written()
    first = lines.index("    not ok 1 - becomes")
    assert lines[first + 1 : first + 5] == [
        "      ---",
        '      source: "reference 2.2"',
        '      message: "old state: expected Sr, not Vr"',
        "      ...",
    ]


def test_what_was_interrupted_bails_out() -> None:
    lines = written(not_run=("a", "b"))
    assert (lines[1], lines[-1]) == ("1..9", "Bail out! interrupted")
