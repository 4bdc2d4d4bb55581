# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE 0x008: commands to the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.devices.console import ConsoleBuffer
from emu.devices.sclp import Sclp
from emu.program_interruption import ProgramInterruptionCode

Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

COMMAND = 0x20000
RESPONSE = 0x40000000


@pytest.fixture
def console(cpu: Cpu) -> ConsoleBuffer:
    """What is shown."""
    shown = cpu.configuration.device(Sclp).console = ConsoleBuffer()
    return shown


def give(cpu: Cpu, run: Run, command: str, flags: int = 0, *, r1: int = 2, r3: int = 4) -> None:
    cpu.configuration.storage.write(COMMAND, command.encode("cp037"))
    cpu.gr[r1] = 0xAAAA_AAAA_0000_0000 | COMMAND
    cpu.gr[r3] = 0xBBBB_BBBB_0000_0000 | flags | len(command)
    run(cpu, "DIAG", r1=r1, r3=r3, d2=8)


@pytest.mark.parametrize("command", ("MSGNOH * it is so", "msg * it is so", "  M   *  it is so".replace("*  ", "* ")))
def test_a_message_to_oneself_is_shown(cpu: Cpu, run: Run, console: ConsoleBuffer, command: str) -> None:
    give(cpu, run, command)
    assert console.data == b"it is so\n"
    # The left half stays.
    assert (cpu.gr[4], cpu.cc) == (0xBBBB_BBBB_0000_0000, 0)


@pytest.mark.parametrize("command", ("QUERY TIME", "MSG OPERATOR help", "MSG", "IPL 00C"))
def test_other_commands_are_unknown(cpu: Cpu, run: Run, console: ConsoleBuffer, command: str) -> None:
    give(cpu, run, command)
    assert (cpu.gr[4], cpu.cc, console.data) == (0xBBBB_BBBB_0000_0001, 0, b"")


def test_there_is_no_response(cpu: Cpu, run: Run, console: ConsoleBuffer) -> None:
    cpu.gr[5] = 0xCCCC_CCCC_0000_0050
    give(cpu, run, "MSG * x", RESPONSE)
    assert (cpu.gr[4], cpu.gr[5]) == (0xBBBB_BBBB_0000_0000, 0xCCCC_CCCC_0000_0000)


@pytest.mark.parametrize(
    ("flags", "r1", "r3"),
    ((0x01000000, 2, 4), (0x10000000, 2, 4), (RESPONSE, 2, 3), (RESPONSE, 3, 2), (RESPONSE, 15, 4)),
)
def test_what_is_specified_wrongly(cpu: Cpu, run: Run, expect: Expect, flags: int, r1: int, r3: int) -> None:
    with expect(ProgramInterruptionCode.SPECIFICATION):
        give(cpu, run, "MSG * x", flags, r1=r1, r3=r3)


def test_the_longest_command(cpu: Cpu, run: Run, expect: Expect, console: ConsoleBuffer) -> None:
    give(cpu, run, "MSG * " + "x" * 234)
    assert console.data == b"x" * 234 + b"\n"
    with expect(ProgramInterruptionCode.SPECIFICATION):
        give(cpu, run, "MSG * " + "x" * 235)


def test_a_command_beyond_storage(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[2], cpu.gr[4] = 0x7FFF_F000, 5
    with expect(ProgramInterruptionCode.ADDRESSING):
        run(cpu, "DIAG", r1=2, r3=4, d2=8)


def test_no_command_stops_the_cpu(cpu: Cpu, run: Run) -> None:
    give(cpu, run, "")
    assert cpu.stop_pending
