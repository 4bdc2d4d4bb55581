# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine with a small program in it, and a stub that answers for it."""

from __future__ import annotations

from collections.abc import Callable

from emu.debugging.session import Session
from emu.machine import Machine
from emu.symbols.table import NO_SYMBOLS
from tests.support.elf import ENTRY
from tools.gdb.execution import Execution
from tools.gdb.program_file import ProgramFile
from tools.gdb.stub import Stub

PROGRAM = bytes.fromhex(
    "a7190007"  # 10000 LGHI 1,7
    "e31020000024"  # 10004 STG 1,0(2)
    "e33020000004"  # 1000a LG 3,0(2)
    "a71bffff"  # 10010 AGHI 1,-1
    "a774fff8"  # 10014 BRC 7,10004
    "0000"  # 10018 an operation exception
)
COUNTING = bytes.fromhex("a71b0001a7f4fffe")
"""AGHI 1,1 and a branch back to it: it counts until somebody stops it, so that it is no loop that changes nothing."""
STORE, LOAD, COUNT, BRANCH, AFTER = (ENTRY + offset for offset in (4, 0x0A, 0x10, 0x14, 0x18))
DATA = 0x20000


def put_program(machine: Machine) -> None:
    """A loop that stores and loads a doubleword at :data:`DATA`, seven times."""
    machine.storage.write(ENTRY, PROGRAM)
    machine.cpus[0].gr[2] = DATA


def stub_of(
    machine: Machine,
    *,
    is_wanted: Callable[[], bool] = lambda: False,
    limit: int | None = None,
    sent: list[bytes] | None = None,
) -> Stub:
    """What answers for *machine*; packets that come before an answer go to *sent*."""
    session = Session(machine)
    execution = Execution(session, is_wanted, limit)
    program = ProgramFile(b"", NO_SYMBOLS)
    take: Callable[[bytes], None] = (lambda _: None) if sent is None else sent.append
    return Stub(session, execution, program, lambda line: f"said {line}\n", take)
