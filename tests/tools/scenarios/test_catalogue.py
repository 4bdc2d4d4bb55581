# SPDX-License-Identifier: GPL-2.0-or-later
"""Which scenarios there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import wrong
from tools.command.cli import main


def test_scenarios_are_listed(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["scenarios"]) == 0
    lines = capfd.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines]
    assert names == sorted(names)
    assert {"page-cache", "seed", "seed-pressure"} <= set(names)
    width = max(map(len, names))
    line = f"{'page-cache':{width}}  A 64 MB guest on a host of half the memory"
    assert any(each.startswith(line) for each in lines)


@pytest.mark.parametrize("command", ("step", "screen", "gdb"))
@pytest.mark.parametrize("image", ("seed", "none.toml"))
def test_a_scenario_is_no_program(command: str, image: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert wrong(capfd, command, image) == (
        f"{command}: expected a program; {image} is a scenario, which 'essa run' and 'essa compare' carry out"
    )


def test_a_program_of_that_name_can_be_run_by_its_path(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed").write_bytes(b"no program")
    assert main(["run", "./seed"]) == 2
    assert "seed: " in capfd.readouterr().err
