# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C: it ends a run between two instructions, and nothing else changes a run."""

from __future__ import annotations

import os
import signal
import threading

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
