# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa run --coverage``, ``essa conform SUITE --coverage`` and ``essa conform coverage``."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

from emu.machine import Machine
from tests.support.command import wrong
from tools.command.cli import main
from tools.coverage.saved import read_coverage

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from emu.machine import Stop


def test_a_program_is_counted_and_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, both = str(tmp_path / "one"), str(tmp_path / "both")
    assert main(["run", "essa-table", "--coverage", one]) == 0
    saved = read_coverage(tmp_path / "one")
    assert saved.programs == ("essa-table.elf",)
    capsys.readouterr()
    assert main(["conform", "coverage", one, one, "--write", both]) == 0
    assert read_coverage(tmp_path / "both").counts() == {cell: 2 * count for cell, count in saved.counts().items()}
    table = capsys.readouterr().out.splitlines()
    (hinting,) = [line.split() for line in table if line.startswith("page hinting")]
    # Its own table has every request in the states that a guest alone can reach.
    assert int(hinting[2]) >= 50
    assert main(["conform", "coverage", one, "--gaps"]) == 0
    assert "  zvm, Sp | Sp+NT, get state" in capsys.readouterr().out.splitlines()


def test_cases_of_the_suite_are_counted_in_both_ways(tmp_path: Path) -> None:
    file = tmp_path / "c"
    assert main(["conform", "architecture", "--only", "interruptions", "--jobs", "1", "--coverage", str(file)]) == 0
    counts = read_coverage(file).counts()
    assert counts["external interruptions", ("CPU timer", "taken")] > 0
    assert {words[3] for name, words in counts if name == "program interruptions"} == {"free", "stepped"}


def test_sigterm_leaves_what_was_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Machine.run

    def press(machine: Machine, most: int | None = None) -> Stop:
        run(machine, 1000)
        os.kill(os.getpid(), signal.SIGTERM)
        return run(machine, most)

    monkeypatch.setattr(Machine, "run", press)
    for counted in ([], ["--coverage", str(tmp_path / "c")]):
        assert main(["run", "essa-table", *counted]) == 3
        assert "stopped by SIGTERM" in capsys.readouterr().err
    assert read_coverage(tmp_path / "c").counts()


def test_the_sum_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = str(tmp_path / "one")
    assert main(["run", "essa-table", "--coverage", one]) == 0
    capsys.readouterr()
    assert main(["conform", "coverage", one, "--write", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["programs"] == ["essa-table.elf"]


def test_the_floor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, floor = str(tmp_path / "one"), tmp_path / "floor"
    assert main(["run", "essa-table", "--coverage", one]) == 0
    floor.write_text("{}")
    capsys.readouterr()
    assert main(["conform", "coverage", one, "--floor", str(floor)]) == 2
    assert "expected a number for 'instructions', too; --raise-floor writes one" in capsys.readouterr().err
    assert main(["conform", "coverage", one, "--floor", str(floor), "--raise-floor"]) == 0
    reached = json.loads(floor.read_text())
    assert reached["page hinting"] > 50
    floor.write_text(json.dumps(reached | {"translation": 1}))
    capsys.readouterr()
    assert main(["conform", "coverage", one, "--floor", str(floor)]) == 1
    assert "below the floor: translation: 0 cells reached, 1 before" in capsys.readouterr().out


def test_wrong_use(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c"
    file.write_text('{"x": 1}')
    assert "expected one guest" in wrong(capfd, "run", "essa-table", "--guests", "2", "--coverage", str(tmp_path / "o"))
    both = "--coverage", str(tmp_path / "o"), "--trace", str(tmp_path / "t")
    assert "expected no --trace" in wrong(capfd, "run", "essa-table", *both)
    assert "expected what --coverage writes" in wrong(capfd, "conform", "coverage", str(file))
    floor = "--floor", str(tmp_path / "f")
    one = wrong(capfd, "conform", "coverage", str(file), "--write", str(tmp_path / "f"), *floor)
    assert "--write: expected a file of its own, not that of --floor" in one
    (tmp_path / "f").write_text("{}")
    assert "--write: /dev/full/x cannot" in wrong(capfd, "conform", "coverage", str(file), "--write", "/dev/full/x")
    for name in ("run", "essa-table"), ("conform", "architecture"):
        assert "--coverage: /nowhere/c cannot be written" in wrong(capfd, *name, "--coverage", "/nowhere/c")
    (tmp_path / "f").write_text('{"translation": -1}')
    assert "expected a number for each matrix" in wrong(capfd, "conform", "coverage", str(file), *floor)
    one = wrong(capfd, "run", "essa-table", "--coverage", str(tmp_path / "o"), "--save-at", "5", str(tmp_path / "o"))
    assert "--coverage: expected a file of its own, not that of --save-at" in one
    assert "expected --floor FILE" in wrong(capfd, "conform", "coverage", str(file), "--raise-floor")
    assert "there is no matrix 'x'" in wrong(capfd, "conform", "coverage", str(file), "--floor", str(file))
