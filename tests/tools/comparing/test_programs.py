# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa compare`` of a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import SQUEEZED, read_json
from tools.command.cli import main
from tools.processes.interrupt import requested_stop


def test_figures_on_standard_output_have_it_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *SQUEEZED[1:], "--json", "-"]) == 0
    shown = capfd.readouterr()
    assert list(json.loads(shown.out)) == ["hints", "none", "balloon"]
    assert "host writes" in shown.err


def test_comparison(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "figures.json"
    arguments = ["compare", *SQUEEZED[1:], "--json", str(output)]
    assert main(arguments) == 0
    figures = read_json(output)
    assert list(figures) == ["hints", "none", "balloon"]
    hints, none, balloon = (figures[name] for name in ("hints", "none", "balloon"))
    assert isinstance(hints, dict)
    assert isinstance(none, dict)
    assert isinstance(balloon, dict)
    assert hints["discard_faults"] > 0 == none["discard_faults"] == balloon["discard_faults"]
    assert hints["transfers"] < none["transfers"]
    assert none["balloon_pages"] == 0 < balloon["balloon_pages"]
    assert hints["verdict"] == none["verdict"] == balloon["verdict"] == "passed"
    assert "host writes" in capfd.readouterr().out


def test_ctrl_c_ends_the_whole_comparison(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    monkeypatch.setattr("tools.processes.interrupt.run_interruptibly", lambda machine, *_: requested_stop(machine))
    assert main(["compare", *SQUEEZED[1:], "--json", str(output)]) == 3
    assert list(read_json(output)) == ["hints"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        ([], "essa: compare: expected --host-memory, without which nothing is ever paged\n"),
        (
            ["--host-memory", "2M", "--profile", "off"],
            "essa: compare: expected --profile zvm or kvm for the run with hints, not off\n",
        ),
        (
            ["--host-memory", "2M", "--sample-every", "9"],
            "essa: --sample-every: expected only with one run, or with --plot, which shows states over time\n",
        ),
        (
            ["--host-memory", "2M", "--plot", "x.html"],
            "essa: --plot: expected --sample-every, which says how often the page states are recorded\n",
        ),
    ),
)
def test_comparison_needs_pressure_and_hints(
    program: str, capfd: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["compare", program, *arguments]) == 2
    assert capfd.readouterr().err == message
