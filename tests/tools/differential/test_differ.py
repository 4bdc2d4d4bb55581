# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa differ``: seeds of the day, and those found before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.support.command import wrong
from tools.command.cli import main

FOUND = Path(__file__).with_name("found.jsonl")
"""Programs that once differed, each a line that ``essa differ --keep`` wrote."""
PROGRAMS_OF_THE_DAY = 300


@pytest.mark.xfail(reason="differences of reference bits, work counted and EXECUTE of EXECUTE are known")
def test_programs_found_before_are_the_same_in_every_way() -> None:
    assert main(["differ", "--again", str(FOUND), "--jobs", "1"]) == 0


@pytest.mark.xfail(reason="differences of reference bits, work counted and EXECUTE of EXECUTE are known", strict=False)
def test_programs_of_the_day_are_the_same_in_every_way() -> None:
    seed = dt.datetime.now(tz=dt.UTC).date().toordinal() * 1000
    assert main(["differ", "--seed", str(seed), "--programs", str(PROGRAMS_OF_THE_DAY), "--most-failures", "1"]) == 0


def test_one_program(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["differ", "--seed", "4", "--programs", "1"]) == 0
    assert capfd.readouterr().out.splitlines() == ["seeds 4 to 4", "1 programs, 0 differ"]


def test_wrong_file(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "found"
    file.write_text("nonsense\n", encoding="utf-8")
    assert f"{file}:1: " in wrong(capfd, "differ", "--again", str(file))
    assert "nowhere" in wrong(capfd, "differ", "--again", str(tmp_path / "nowhere"))
