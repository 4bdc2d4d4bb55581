# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa differ``: seeds of the day, and those found before."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu import machine
from emu.engine.library import EngineError
from tests.support.command import wrong
from tests.support.seed_of_the_day import seed_of_the_day
from tools.command.cli import main
from tools.differential.options import DifferOptions

FOUND = Path(__file__).with_name("found.jsonl")
"""Programs that once differed, each a line that ``essa differ --keep`` wrote."""


def test_programs_found_before_are_the_same_in_every_way() -> None:
    assert main(["differ", "--again", str(FOUND), "--jobs", "1"]) == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("programs", (300, pytest.param(2000, marks=pytest.mark.long)))
def test_programs_of_the_day_are_the_same_in_every_way(programs: int) -> None:
    given = {
        "--seed": seed_of_the_day(),
        "--programs": programs,
        "--most-failures": 1,
        "--jobs": 2,
    }
    assert main(["differ", *(str(word) for pair in given.items() for word in pair)]) == 0


def test_an_engine_that_is_not_as_it_is_known_is_one_line(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise EngineError("its branches are noted elsewhere")

    monkeypatch.setattr(machine, "Machine", fail)
    assert "the engine: its branches are noted elsewhere" in wrong(capfd, "differ", "--programs", "1")


def test_time_that_is_up_ends_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["differ", "--seconds", "1", "--jobs", "1"]) == 0
    first, *_, last = capfd.readouterr().out.splitlines()
    assert first == "seeds from 1 on"
    done, _, rest = last.partition(" ")
    assert rest == "programs, 0 differ"
    assert int(done.replace(",", "")) > 0


def test_how_many() -> None:
    assert DifferOptions().seeds == range(1, 1001)
    assert DifferOptions(seed=5, programs=7, seconds=1).seeds == range(5, 12)
    # Time that is given is the only end then.
    assert len(DifferOptions(seconds=60).seeds) >= 100_000


def test_one_program(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["differ", "--seed", "4", "--programs", "1"]) == 0
    assert capfd.readouterr().out.splitlines() == ["seeds 4 to 4", "1 programs, 0 differ"]


def test_wrong_file(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "found"
    file.write_text("nonsense\n", encoding="utf-8")
    assert f"{file}:1: " in wrong(capfd, "differ", "--again", str(file))
    assert "nowhere" in wrong(capfd, "differ", "--again", str(tmp_path / "nowhere"))
    assert "expected at least one line" in wrong(capfd, "differ", "--again", "/dev/null")
    assert "--keep: /nowhere/k cannot be written" in wrong(capfd, "differ", "--programs", "1", "--keep", "/nowhere/k")
    wrong(capfd, "differ", "--again", "/dev/null", "--keep", str(tmp_path / "kept"))
    assert not (tmp_path / "kept").exists()
