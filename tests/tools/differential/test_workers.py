# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in processes of their own."""

from __future__ import annotations

import os
import re
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from emu.psw import ADDRESSING_MODE
from tools.differential import workers
from tools.differential.layout import CODE
from tools.differential.program import RandomProgram
from tools.differential.workers import try_programs
from tools.processes.interrupt import start_deaf

RIGHT = RandomProgram(seed=1, instructions=("1a12", "0700"), start=CODE, mask=ADDRESSING_MODE)


def test_all_are_tried() -> None:
    ended = list(try_programs([RIGHT.to_line()] * 60, 2))
    assert sum(each.count for each in ended) == 60
    assert not any(each.failures for each in ended)


class _Dying:
    """In place of the comparison, in a process of its own."""

    def __init__(self, *, are_new: bool = False) -> None:
        pass

    def find(self, program: RandomProgram) -> list[str]:
        if "0a00" in program.instructions:
            os.kill(os.getpid(), signal.SIGKILL)
        return []


def test_dying_process_is_a_failure_of_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    monkeypatch.setattr(workers, "_PROCESSES", multiprocessing.get_context("fork"))
    monkeypatch.setattr(workers, "Comparison", _Dying)
    deadly = RandomProgram(seed=2, instructions=("1a12", "0a00", "0700"), start=CODE, mask=ADDRESSING_MODE)
    programs: list[int | str] = [RIGHT.to_line(), deadly.to_line(), RIGHT.to_line()]
    ended = list(try_programs(programs, 1))
    assert sum(each.count for each in ended) == 3
    (failure,) = [failure for each in ended for failure in each.failures]
    assert failure.program.instructions == ("0a00",)
    assert "signal 9" in failure.differences[0]


class _Hanging(_Dying):
    def find(self, program: RandomProgram) -> list[str]:
        while "0a00" in program.instructions:
            pass
        return []


def test_a_process_that_goes_on_for_ever_is_a_failure_of_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    monkeypatch.setattr(workers, "_PROCESSES", multiprocessing.get_context("fork"))
    monkeypatch.setattr(workers, "Comparison", _Hanging)
    monkeypatch.setattr(workers, "_PATIENCE", 1)
    monkeypatch.setattr(workers, "_LOOK", 0.2)
    endless = RandomProgram(seed=2, instructions=("1a12", "0a00"), start=CODE, mask=ADDRESSING_MODE)
    ended = list(try_programs([RIGHT.to_line(), endless.to_line(), RIGHT.to_line()], 1))
    assert sum(each.count for each in ended) == 3
    (failure,) = [failure for each in ended for failure in each.failures]
    assert failure.program == endless
    assert "hangs" in failure.differences[0]


def test_ctrl_c_is_not_for_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def start(process: BaseProcess) -> None:
        start_deaf(process)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        started.append(int(re.findall(r"SigBlk:\s*(\w+)", status)[0], 16))

    monkeypatch.setattr(workers, "start_deaf", start)
    list(try_programs([RIGHT.to_line()], 1))
    assert [bool(blocked & 1 << signal.SIGINT - 1) for blocked in started] == [True]
