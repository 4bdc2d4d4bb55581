# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform kvm-unit-tests`` on a build directory made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.elf import LOOP, Elf, ending_program
from tests.support.suite import KEY, conform, program, run_one
from tools.command.cli import main


def test_each_program_has_a_line_and_the_failed_checks_are_named(
    suite: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert conform(suite) == 1
    assert capfd.readouterr().out.splitlines() == [
        "PASS    passing (2 tests)",
        "FAIL    failing (2 tests, 1 failed, three: it is 4)",
        "        FAIL: three: it is 4",
        "SKIP    leaving-out (1 tests, 1 skipped, no such facility)",
        "1 passed, 1 skipped, 1 failed",
    ]


@pytest.mark.parametrize("only", ("passing", "fast"))
def test_only_a_program_or_a_group(suite: Path, capfd: pytest.CaptureFixture[str], only: str) -> None:
    assert conform(suite / "s390x", "--only", only) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "1 passed"


@pytest.mark.parametrize(
    ("lines", "migrations"),
    (
        (("Now migrate the VM, then press a key", KEY, "PASS: after"), 1),
        (("Now migrate the VM (quiet)", KEY, "Now migrate the VM (quiet)", KEY, "PASS: after"), 2),
        (("Skipped VM migration (quiet)", KEY, "PASS: after"), 0),
        (("Begin continuous migration", KEY, "End continuous migration", "End continuous migration (quiet)", KEY), 2),
    ),
)
def test_a_program_is_migrated_when_it_asks(tmp_path: Path, lines: tuple[str, ...], migrations: int) -> None:
    saved = tmp_path / "out.json"
    assert run_one(tmp_path, "groups = migration", program(*lines), "--json", str(saved)) == 0
    (found,) = json.loads(saved.read_text())["programs"]
    assert (found["outcome"], found["migrations"]) == ("passed", migrations)


def test_a_program_that_takes_too_long(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_one(tmp_path, "", ending_program(LOOP), "--timeout", "1") == 1
    assert capfd.readouterr().out.splitlines()[0] == "TIMEOUT one (not ended in time)"


def test_a_panic_that_is_asked_for_passes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # The program new PSW leads to an invalid instruction.
    elf = Elf(((0x1D0, bytes.fromhex("00000001 80000000 00000000 00010000")), (0x10000, bytes(2))))
    assert run_one(tmp_path, "groups = panic", elf) == 0
    assert capfd.readouterr().out.splitlines()[0] == "PASS    one"


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("--only", "nothing"), "--only: expected a program or a group of unittests.cfg, not 'nothing'"),
        (("--baseline", "missing.json"), "--baseline: missing.json cannot be read: No such file or directory"),
        (("--json", "/nowhere/out.json"), "--json: /nowhere/out.json cannot be written: No such file or directory"),
    ),
)
def test_wrong_options(suite: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...], message: str) -> None:
    assert conform(suite, *options) == 2
    assert message in capfd.readouterr().err


def test_another_suite_and_another_directory(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    expected = "expected a build directory of kvm-unit-tests, with unittests.cfg or s390x/unittests.cfg in it"
    assert main(["conform", "ltp", str(tmp_path)]) == 2
    assert conform(tmp_path) == 2
    assert capfd.readouterr().err.splitlines() == [
        "essa: conform: expected kvm-unit-tests, not 'ltp'",
        f"essa: {tmp_path}: {expected}",
    ]
