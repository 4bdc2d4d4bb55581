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


@pytest.mark.parametrize("line", ("gr2=5", "set gr2=5", " $r2 = 5", "psw; gr2=5", "inject svc 1", "snapshot restore x"))
def test_gdb_alone_changes_registers(machine: Machine, monitor: MonitorCommands, line: str) -> None:
    assert monitor(line) == "gdb would not notice that; it changes registers by: set $r2 = 1\n"
    assert machine.cpus[0].gr[2] == 0


@pytest.mark.parametrize("line", ("abs 2000=01", "v 2000=01", "key 2000=10", "state 2000 unused"))
def test_what_gdb_may_not_notice_is_said(monitor: MonitorCommands, line: str) -> None:
    *shown, last = monitor(line).splitlines()
    assert shown
    assert last.startswith("(gdb may show what was before: ")


def test_what_changes_nothing_is_not_remarked_on(monitor: MonitorCommands) -> None:
    for line in ("psw", "key 2000", "page 2000", "who gr3"):
        assert "maintenance" not in monitor(line)
