# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever wants the machine to stop while it goes through its history finds it where it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.debugging.backward import last_changes, reverse_continue
from emu.debugging.history import History
from emu.debugging.travel import StoppedOnTheWay
from emu.debugging.watched import OfRegister, OfStorage
from emu.events import Observer
from emu.machine import Machine, Stop, StopKind
from emu.running.stopping.kinds import AtAddress, AtInstructionCount, AtMnemonic
from emu.saving import save
from emu.snapshot import differences
from tests.emu.debugging.test_backward import AGHI_9, counting
from tests.emu.debugging.test_history import waiting


class Stopping(Observer):
    """Wants the machine to stop, once, when so many instructions have ended."""

    acts = True
    wants_instructions = True

    def __init__(self, machine: Machine, instruction: int) -> None:
        self._machine, self._instruction = machine, instruction

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        if self._machine.executed == self._instruction:
            self._instruction = -1
            self._machine.stop_requested = True


@pytest.mark.parametrize(
    ("go", "instruction"),
    (
        pytest.param(lambda history, _: history.step_back(900), 2_500, id="steps-back"),
        pytest.param(lambda history, _: history.go_to(1_000), 800, id="goto"),
        pytest.param(lambda history, _: reverse_continue(history, [AtMnemonic("ESSA")]), 900, id="last-stop"),
        pytest.param(lambda history, machine: last_changes(history, machine, OfStorage(0x5000)), 900, id="by-stops"),
        pytest.param(lambda history, machine: last_changes(history, machine, OfRegister("gr9")), 900, id="followed"),
        pytest.param(lambda history, machine: last_changes(history, machine, OfRegister("cc")), 900, id="step-by-step"),
    ),
)
def test_the_machine_is_where_it_was(go: Callable[[History, Machine], object], instruction: int) -> None:
    machine = counting(AGHI_9[0], 40_000)
    history = History(machine)
    history.run(3_000)
    here, before = history.position, save(machine)
    machine.observers.append(Stopping(machine, instruction))
    with pytest.raises(StoppedOnTheWay, match=r"^stopped .* instruction [0-9,]+; the machine is where it was$"):
        go(history, machine)
    machine.observers.clear()
    assert (history.position, machine.stop_requested) == (here, False)
    assert differences(before, save(machine)) == []


def test_steps_stop_at_once() -> None:
    machine = counting(AGHI_9[0], 40_000)
    history = History(machine)
    history.run(3_000)
    machine.observers.append(Stopping(machine, 2_500))
    with pytest.raises(StoppedOnTheWay, match=r"^stopped at instruction 2,500; "):
        history.step_back(900)


def test_also_if_it_was_not_known_where_that_is() -> None:
    machine = counting(AGHI_9[0], 40_000)
    history = History(machine)
    machine.stops.add(AtInstructionCount(2_000))
    assert history.run().kind is StopKind.STOP_POINT
    before = save(machine)
    machine.observers.append(Stopping(machine, 900))
    with pytest.raises(StoppedOnTheWay):
        history.step_back()
    machine.observers.clear()
    assert history.position.instruction == 2_000
    assert differences(before, save(machine)) == []


def test_a_step_in_which_time_passes_is_stopped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, history = waiting()
    here, before = history.position, save(machine)
    step, asked = machine.step, 0

    def step_asked_to_stop(*arguments: Any) -> Stop | None:
        nonlocal asked
        asked += 1
        machine.stop_requested = asked == 1
        return step(*arguments)

    monkeypatch.setattr(machine, "step", step_asked_to_stop)
    with pytest.raises(StoppedOnTheWay):
        reverse_continue(history, [AtAddress(0x20000)])
    assert history.position == here
    assert differences(before, save(machine)) == []
