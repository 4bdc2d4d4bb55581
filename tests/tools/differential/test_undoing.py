# SPDX-License-Identifier: GPL-2.0-or-later
"""Every step of random programs is undone; what is not undone is told."""

from __future__ import annotations

import pytest

from emu.debugging.recorder import Recorder
from tests.support.seed_of_the_day import seed_of_the_day
from tools.differential import undoing
from tools.differential.generator import random_program
from tools.differential.undoing import Undoing

_EVERY_DAY = range(12)
_TODAY = 6


def test_every_step_is_undone() -> None:
    tried = Undoing()
    for seed in (*_EVERY_DAY, *range(seed_of_the_day(), seed_of_the_day() + _TODAY)):
        assert (seed, tried.find(random_program(seed))) == (seed, [])
    assert tried.steps > 100


def test_what_is_not_undone_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    put = Recorder.put

    def forgetful(self: Recorder, moment: object) -> None:
        put(self, moment)  # type: ignore[arg-type]
        self._machine.cpus[0].clock_comparator ^= 1 << 40

    monkeypatch.setattr(Recorder, "put", forgetful)
    monkeypatch.setattr("sys.argv", ["undoing", "3", "1"])
    assert undoing.main() == 1
    assert "program 3: step" in capsys.readouterr().out
