# SPDX-License-Identifier: GPL-2.0-or-later
"""Work in several processes."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.support import work
from tests.support.command import ROOT
from tests.support.ctrl_c import press_ctrl_c_when_waiting
from tests.support.progress import told_progress
from tools.processes import side_by_side
from tools.processes.side_by_side import run_side_by_side
from tools.usage.errors import LostRun, UsageError


@pytest.mark.parametrize("cores", (1, 2, 5))
def test_results_have_the_order_of_the_jobs(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(side_by_side, "cores", lambda: cores)
    results = run_side_by_side(work.double, {"three": 3, "one": 1, "two": 2})
    assert list(results.items()) == [("three", 6), ("one", 2), ("two", 4)]


def test_wrong_use_in_a_process_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="--number: expected another one than 5"):
        run_side_by_side(work.refuse, {"a": 5})


def test_a_process_that_vanishes() -> None:
    with pytest.raises(LostRun, match="the process of 'a' has ended with exit status 7"):
        run_side_by_side(work.vanish, {"a": 7})


def test_the_others_go_on_in_other_processes_if_that_is_wanted() -> None:
    told: list[tuple[str, int]] = []
    results = run_side_by_side(
        work.vanish_by_seven,
        {"a": 1, "b": 7, "c": 3},
        most=1,
        ended=lambda name, result: told.append((name, result)),
        lost=lambda reason: -len(reason.name),
    )
    assert results == {"a": 2, "b": -1, "c": 6}
    assert told == [("a", 2), ("b", -1), ("c", 6)]


def test_ctrl_c_asks_all_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)
    press_ctrl_c_when_waiting(monkeypatch)
    before = signal.getsignal(signal.SIGINT)
    assert run_side_by_side(work.wait_for_the_end, {"a": 1, "b": 2, "c": 3}) == {"a": 1, "b": 2}
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_ctrl_c_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    press_ctrl_c_when_waiting(monkeypatch, times=2)
    with pytest.raises(KeyboardInterrupt):
        run_side_by_side(work.wait_for_the_end, {"a": 1})


def test_bars_are_shown_to_those_who_watch(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_side_by_side(work.double, {"a piece": 100}) == {"a piece": 200}
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run_side_by_side(work.double, {"a piece": 100}) == {"a piece": 200}
    out, err = capfd.readouterr()
    assert out == ""
    assert "a piece" in err


@pytest.mark.parametrize(
    ("jobs", "told"),
    (
        ({"one": 1, "two": 2}, "2 of 2 ended; one 100%; two 100%"),
        ({str(number): number for number in range(13)}, "13 of 13 ended"),
    ),
)
def test_lines_tell_how_far_it_is_where_there_is_no_terminal(
    jobs: dict[str, int], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = told_progress(monkeypatch, side_by_side)
    run_side_by_side(work.double, jobs)
    ((describe, stream),) = shown
    assert (describe(), stream) == (told, sys.stderr)


def test_ctrl_c_and_sigterm_are_not_for_the_processes() -> None:
    code = (
        "from tests.support import work; from tools.processes.side_by_side import run_side_by_side; "
        "print(run_side_by_side(work.are_signals_blocked, {'first': 1, 'second': 2}))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{'first': True, 'second': True}\n", "")
