# SPDX-License-Identifier: GPL-2.0-or-later
"""What a suite has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.command.cli import main
from tools.conform.catalogue import SUITES


def test_a_line_for_each_program(suite: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "list", "kvm-unit-tests", str(suite)]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "passing      [fast]",
        "failing",
        "leaving-out",
        "3 programs",
    ]
    assert main(["conform", "list", "kvm-unit-tests", str(suite), "--only", "fast"]) == 0
    assert capfd.readouterr().out.splitlines() == ["passing  [fast]", "1 program"]


def test_how_many_are_verified_and_how_many_inferred(capfd: pytest.CaptureFixture[str]) -> None:
    names = ("signaling/stop", "channel-programs/data-Uz")
    assert main(["conform", "list", "architecture", *(f"--only={name}" for name in names)]) == 0
    *_, last = capfd.readouterr().out.splitlines()
    assert last == "2 programs: 1 verified, 1 inferred"


def test_a_line_for_each_suite(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "list"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [each.name for each in SUITES]
    assert all(line.endswith(each.help) for line, each in zip(lines, SUITES, strict=True))


def test_what_a_case_demands_and_who_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "list", "architecture", "--only", "signaling/stop"]) == 0
    line, _ = capfd.readouterr().out.splitlines()
    assert line.startswith("signaling/stop  [verified]  ")
    assert line.endswith(
        "  (PoP 4, CPU Signaling and Response; Linux arch/s390/kvm/sigp.c (architecture reference F6))"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (("kvm-unit-test", "."), "conform list: expected architecture, kvm-unit-tests, "),
        (("kvm-unit-tests",), "conform list: expected a directory behind kvm-unit-tests"),
    ),
)
def test_wrong_use(capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    assert main(["conform", "list", *arguments]) == 2
    assert message in capfd.readouterr().err
