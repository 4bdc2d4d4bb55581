# SPDX-License-Identifier: GPL-2.0-or-later
"""An operator is asked once, and what was answered is answered again."""

from __future__ import annotations

import pytest

from emu.debugging.recorded_operator import RecordedOperator
from emu.machine import Machine
from emu.state import restore_state, state_of


class User:
    """Types what is told, and waits as long; counts how often it is asked."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.keys: list[bytes] = []
        self.passed: int | None = 5
        self.asked = 0

    def type_input(self, work: int) -> int:
        self.asked += 1
        if self.keys:
            self.machine.sclp.type(self.keys.pop(0))
        return work + 100

    def wait(self, units: int | None) -> int | None:
        self.asked += 1
        return self.passed


@pytest.fixture
def user(machine: Machine) -> User:
    return User(machine)


@pytest.fixture
def operator(user: User, machine: Machine) -> RecordedOperator:
    return RecordedOperator(user, machine)


def test_what_was_answered_is_answered_again(operator: RecordedOperator, user: User, machine: Machine) -> None:
    start = state_of(operator)
    user.keys = [b"", b"a"]
    first = [operator.type_input(0), operator.wait(7), operator.type_input(50), operator.type_input(60)]
    assert first == [100, 5, 150, 160]
    machine.sclp.put_unread(b"")
    restore_state(operator, start)
    assert [operator.type_input(0), operator.wait(7)] == [100, 5]
    assert machine.sclp.unread() == b""
    operator.type_input(50)
    assert machine.sclp.unread() == b"a"
    assert (operator.type_input(60), user.asked) == (160, 4)
    operator.type_input(70)
    assert user.asked == 5


def test_the_same_answer_takes_no_room(operator: RecordedOperator) -> None:
    for work in range(1000):
        operator.type_input(work)
    assert [(each.instruction, each.times) for each in operator.answers] == [(0, 1000)]


def test_keys_are_kept_with_their_instruction_number(operator: RecordedOperator, user: User, machine: Machine) -> None:
    operator.type_input(0)
    machine.cpus[0].executed = 1234
    user.keys = [b"x"]
    operator.type_input(0)
    assert [(each.instruction, each.typed) for each in operator.answers] == [(0, b""), (1234, b"x")]


@pytest.mark.parametrize("kept", (0, 1, 2, 3, 4))
def test_what_is_later_is_forgotten(operator: RecordedOperator, user: User, kept: int) -> None:
    states = [state_of(operator)]
    user.keys = [b"", b"", b"a"]
    for _ in range(4):
        operator.type_input(0)
        states.append(state_of(operator))
    restore_state(operator, states[kept])
    operator.forget_later()
    assert sum(each.times for each in operator.answers) == kept
    user.keys, user.asked = [b"b"], 0
    operator.type_input(0)
    assert (user.asked, operator.answers[-1].typed) == (1, b"b")
    restore_state(operator, states[0])
    for _ in range(kept + 1):
        operator.type_input(0)
    assert user.asked == 1


def test_that_nothing_will_come_is_answered_again(operator: RecordedOperator, user: User) -> None:
    start = state_of(operator)
    user.passed = None
    assert operator.wait(None) is None
    restore_state(operator, start)
    user.passed = 3
    assert operator.wait(None) is None
