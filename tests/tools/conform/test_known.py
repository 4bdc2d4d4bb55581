# SPDX-License-Identifier: GPL-2.0-or-later
"""Failures that are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.suite import conform, lines_of
from tools.conform.known import KnownFailure, with_known
from tools.conform.results import Check, Entry, Outcome, Result

FAILED = Result(Entry("one"), Outcome.FAILED, "a", checks=(Check("FAIL", "a"), Check("PASS", "b"), Check("XPASS", "c")))
PASSED = Result(Entry("one"), Outcome.PASSED, checks=(Check("PASS", "a"),))


@pytest.mark.parametrize(
    ("known", "outcome", "reason"),
    (
        ([KnownFailure("one", "because")], Outcome.KNOWN, "because"),
        ([KnownFailure("o?*", "because")], Outcome.KNOWN, "because"),
        ([KnownFailure("two", "because")], Outcome.FAILED, "a"),
        ([KnownFailure("one", "because", "a")], Outcome.FAILED, "a"),
        ([KnownFailure("one", "because", "a"), KnownFailure("one", "and", "[c-d]")], Outcome.KNOWN, "because; and"),
        ([KnownFailure("one", "because", "?")], Outcome.KNOWN, "because"),
    ),
)
def test_a_failure_is_known_if_all_of_it_is(known: list[KnownFailure], outcome: Outcome, reason: str) -> None:
    found = with_known(FAILED, known)
    assert (found.outcome, found.reason, found.notes) == (outcome, reason, ())


def test_a_program_that_fails_without_a_check_needs_a_table_of_its_own() -> None:
    stopped = Result(Entry("one"), Outcome.STOPPED, "check stop", checks=(Check("PASS", "a"),))
    assert with_known(stopped, [KnownFailure("one", "because", "b")]) == stopped
    assert with_known(stopped, [KnownFailure("one", "because")]).outcome is Outcome.KNOWN


@pytest.mark.parametrize("outcome", (Outcome.STOPPED, Outcome.TIMEOUT))
def test_a_check_that_is_known_hides_no_crash_and_no_hang(outcome: Outcome) -> None:
    lost = Result(Entry("one"), outcome, "it did not end", checks=(Check("FAIL", "a"),))
    assert with_known(lost, [KnownFailure("one", "because", "a")]) == lost
    assert with_known(lost, [KnownFailure("one", "because")]).outcome is Outcome.KNOWN


def test_how_it_ended_may_be_known_as_a_check() -> None:
    lost = Result(Entry("one"), Outcome.STOPPED, "it did not end", checks=(Check("FAIL", "there: it did not end"),))
    assert with_known(lost, [KnownFailure("one", "because", "there: *")]).outcome is Outcome.KNOWN
    told = Result(Entry("one"), Outcome.STOPPED, "it did not end", checks=(Check("FAIL", "there", text=lost.reason),))
    assert with_known(told, [KnownFailure("one", "because", "there")]).outcome is Outcome.KNOWN


@pytest.mark.parametrize(
    ("result", "known", "note"),
    (
        (PASSED, KnownFailure("one", "because"), "known to fail, but passes"),
        (PASSED, KnownFailure("one", "because", "a"), "known to fail, but passes: a"),
        (FAILED, KnownFailure("one", "because", "b"), "known to fail, but passes: b"),
    ),
)
def test_what_passes_after_all_is_told(result: Result, known: KnownFailure, note: str) -> None:
    found = with_known(result, [known])
    assert (found.outcome, found.notes) == (result.outcome, (note,))


@pytest.mark.parametrize(
    ("check", "outcome"),
    (
        ("*: cc: expected 2, found *", Outcome.KNOWN),
        ("free: cc*", Outcome.FAILED),
        ("cc*", Outcome.FAILED),
    ),
)
def test_a_pattern_is_of_the_name_in_each_way_and_of_what_was_found(check: str, outcome: Outcome) -> None:
    checks = (Check("FAIL", "cc", text="expected 2, found 1", ways=("free", "stepped")),)
    failed = Result(Entry("one"), Outcome.FAILED, "cc: expected 2, found 1", checks=checks)
    assert with_known(failed, [KnownFailure("one", "because", check)]).outcome is outcome


def test_what_is_left_out_is_neither() -> None:
    skipped = Result(Entry("one"), Outcome.SKIPPED, "no", checks=(Check("SKIP", "a"),))
    assert with_known(skipped, [KnownFailure("one", "because"), KnownFailure("one", "because", "a")]) == skipped


def test_a_file_of_them(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    known = tmp_path / "known.toml"
    known.write_text('[[failure]]\nprogram = "failing"\ncheck = "three: *"\nreason = "the world is flat"\n')
    assert conform(suite, "--known", str(known)) == 0
    lines = lines_of(capfd.readouterr().out)
    assert "KNOWN   failing (2 tests, 1 failed, the world is flat)" in lines
    assert lines[-1] == "1 passed, 1 known, 1 skipped"


def test_what_is_known_of_no_program_is_told(suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    known = tmp_path / "known.toml"
    names = ("failin", "fail*", "passing", "fast-*")
    known.write_text("".join(f'[[failure]]\nprogram = "{name}"\nreason = "x"\n' for name in names))
    assert conform(suite, "--known", str(known), "--only", "failing") == 0
    totals, *told = capfd.readouterr().out.splitlines()[-3:]
    assert totals.startswith("1 known")
    assert told == ["--known: there is no program 'failin'", "--known: there is no program 'fast-*'"]


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("", None),
        ('[[failure]]\nprogram = "one"\n', "known.toml:1: failure 1: reason: missing"),
        ('[[failure]]\nprogram = 1\nreason = "x"\n', "known.toml:2: failure 1: program: expected str, got int"),
        ('[[failure]]\nprogram = "a"\nreason = ""\n', "known.toml:3: failure 1: reason: "),
        ('[[failure]]\nprogram = ""\nreason = "x"\n', "known.toml:2: failure 1: program: "),
        ('[[failures]]\nprogram = "one"\n', "known.toml:1: failures: unknown; expected failure"),
        ("failure = 3\n", "known.toml:1: failure: expected [[failure]] tables"),
        ("[[failure]\n", "known.toml:1: not TOML: "),
        (None, "known.toml: cannot be read: No such file or directory"),
    ),
)
def test_a_malformed_file(
    suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str | None, message: str | None
) -> None:
    known = tmp_path / "known.toml"
    if text is not None:
        known.write_text(text)
    status = conform(suite, "--known", str(known))
    error = capfd.readouterr().err
    assert (status, error) == (1, "") if message is None else status == 2 and f"--known: {tmp_path}/{message}" in error
