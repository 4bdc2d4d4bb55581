# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C: it ends a run between two instructions, and nothing else changes a run."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from emu.cpu import Cpu
from emu.events import Observer
from emu.machine import MEGABYTE, Machine, StopKind
from emu.program import parse_program
from tests.support.elf import ENTRY, ESSA_PROGRAM, LOOP, ending_program
from tools.processes import interrupt


class CtrlC(Observer):
    """Presses Ctrl-C when the guest executes ESSA."""

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def looping() -> Machine:
    """A machine whose program executes ESSA and then loops."""
    machine = Machine(2 * MEGABYTE)
    parse_program(ending_program(ESSA_PROGRAM[:10] + LOOP).to_bytes(), "x.elf").load(machine)
    return machine


def test_ctrl_c_ends_the_run(looping: Machine) -> None:
    looping.observers.append(CtrlC())
    before = signal.getsignal(signal.SIGINT)
    with interrupt.ctrl_c(looping):
        stop = interrupt.run_interruptibly(looping)
    assert stop.kind is StopKind.REQUESTED
    assert ENTRY + 10 <= stop.psw.address <= ENTRY + 18
    assert signal.getsignal(signal.SIGINT) is before


def test_second_ctrl_c_does_not_wait(looping: Machine) -> None:
    with interrupt.ctrl_c(looping) as switch, pytest.raises(KeyboardInterrupt):  # noqa: PT012 - what is tried is two signals
        os.kill(os.getpid(), signal.SIGINT)
        assert switch.is_pressed
        os.kill(os.getpid(), signal.SIGINT)


class PressedAtTheEnd:
    """Presses Ctrl-C when it is finalized."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def as_in_the_command(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ctrl-C is handled as in the command, from its beginning on."""
    monkeypatch.setattr(sys, "unraisablehook", interrupt.hide_interrupt)
    before = signal.signal(signal.SIGINT, interrupt.raise_interrupt)
    yield
    signal.signal(signal.SIGINT, before)
    interrupt.caught()


@pytest.mark.usefixtures("as_in_the_command")
def test_one_that_python_ignores_is_not_lost(looping: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    PressedAtTheEnd()
    with interrupt.ctrl_c(looping):
        stop = interrupt.run_interruptibly(looping)
    assert (stop.kind, stop.text) == (StopKind.REQUESTED, "stopped by Ctrl-C")
    assert capsys.readouterr().err == ""
    with interrupt.ctrl_c(looping) as switch:
        assert not switch.is_pressed


@pytest.mark.usefixtures("as_in_the_command")
def test_one_that_is_caught_is_over(looping: Machine) -> None:
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    interrupt.caught()
    with interrupt.ctrl_c(looping) as switch:
        assert not switch.is_pressed


class Failing:
    """Raises an exception when it is finalized."""

    def __del__(self) -> None:
        raise ValueError("odd")


@pytest.mark.usefixtures("as_in_the_command")
def test_another_exception_that_python_ignores_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    Failing()
    assert "ValueError: odd" in capsys.readouterr().err


def test_budget_is_exact(looping: Machine) -> None:
    budget = 1_000_007
    with interrupt.ctrl_c(looping):
        assert interrupt.run_interruptibly(looping, budget).kind is StopKind.BUDGET
    assert looping.executed == budget


def test_ctrl_c_can_be_postponed() -> None:
    done, over = False, threading.Event()
    other = threading.Thread(target=over.wait)  # the system may give it the signal
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - where it is raised is what is tested
            with interrupt.postponed():
                os.kill(os.getpid(), signal.SIGINT)
                done = True
            pytest.fail("Ctrl-C was lost")
    finally:
        over.set()
    assert done


def test_sigterm_is_as_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interrupt.sigterm_too():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
