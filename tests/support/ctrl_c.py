# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C at a moment that every test run meets again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tools.processes import side_by_side


def press_ctrl_c_when_waiting(monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    """Have Ctrl-C pressed as soon as somebody waits for the processes, for the first *times* times."""
    wait: Callable[..., Any] = side_by_side.wait
    pressed = 0

    def press(*arguments: Any) -> Any:
        nonlocal pressed
        if pressed < times:
            pressed += 1
            os.kill(os.getpid(), signal.SIGINT)
        return wait(*arguments)

    monkeypatch.setattr(side_by_side, "wait", press)
