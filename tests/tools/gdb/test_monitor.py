# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of the console, in gdb."""

from __future__ import annotations

import pytest

from emu.debugging.session import Session
from emu.machine import Machine
from tools.gdb.monitor import MonitorCommands


@pytest.fixture
def monitor(machine: Machine) -> MonitorCommands:
    return MonitorCommands(Session(machine))


def test_a_command_shows_its_lines(monitor: MonitorCommands) -> None:
    assert monitor("psw").startswith("cpu 0: 0000000180000000 0000000000010000")
    assert monitor("psw").endswith("\n")


def test_what_is_wrong_is_said(monitor: MonitorCommands) -> None:
    assert monitor("nonsense").startswith("there is no command 'nonsense'")
    assert monitor("r x").count("\n") == 1


@pytest.mark.parametrize("line", ("", "s", "s 5", "g", " g ", "continue", "psw; s", "psw;"))
def test_gdb_alone_moves_the_machine(machine: Machine, monitor: MonitorCommands, line: str) -> None:
    assert monitor(line).startswith("gdb moves the machine: stepi")
    assert machine.executed == 0


def test_the_last_command_does_nothing(monitor: MonitorCommands) -> None:
    assert monitor("q") == ""
