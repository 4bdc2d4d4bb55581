# SPDX-License-Identifier: GPL-2.0-or-later
"""The stepper: its commands, and what is wrong with wrong ones."""

from __future__ import annotations

import re

import pytest

from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Usage
from emu.program import parse_program
from tests.support.elf import ENTRY, ESSA_PROGRAM, LOOP, Elf, ending_program
from tools.stepping.stepper import HELP, CommandError, Stepper


class Session:
    """A stepper and what it has written."""

    def __init__(self, elf: Elf, *, max_instructions: int | None = None) -> None:
        self.machine = Machine(2 * MEGABYTE)
        parse_program(elf.to_bytes(), "x.elf").load(self.machine)
        self._lines: list[str] = []
        self.stepper = Stepper(self.machine, self._lines.append, max_instructions)

    def __call__(self, command: str) -> list[str]:
        """The lines that *command* writes."""
        self._lines.clear()
        assert self.stepper.execute(command)
        return list(self._lines)

    @property
    def address(self) -> int:
        return self.machine.cpus[0].instruction_address


@pytest.fixture
def session() -> Session:
    return Session(ending_program(ESSA_PROGRAM))


def test_step_shows_one_line(session: Session) -> None:
    assert session("s") == [
        f"cpu 0: S {ENTRY:016x} (c02f00100000) LLILF 2,0x100000         gr2=0000000000100000",
    ]


def test_empty_line_steps(session: Session) -> None:
    assert len(session("")) == 1
    assert session.address == ENTRY + 6


def test_step_many(session: Session) -> None:
    lines = session("s 3")
    assert [line.split()[5:7] for line in lines] == [["LLILF", "2,0x100000"], ["ESSA", "3,2,2"], ["ESSA", "4,2,1"]]
    assert lines[1].endswith("page[0x100]=Sz->Uz")
    assert lines[2].endswith("page[0x100]=Uz->Sz")


def test_steps_end_at_the_stop(session: Session) -> None:
    lines = session("s 100")
    assert lines[-2].startswith("cpu 0: program interruption 0x0001 operation")
    assert lines[-1].startswith("stopped: disabled wait at 0xfff (CPU 0, PSW ")
    assert session.stepper.stop is not None
    assert session.stepper.stop.kind is StopKind.DISABLED_WAIT


def test_go_to_the_end(session: Session) -> None:
    assert [line[:34] for line in session("g")] == ["stopped: disabled wait at 0xfff (C"]


def test_breakpoint() -> None:
    session = Session(ending_program(LOOP))
    session(f"b {ENTRY + 4:x}")
    for _ in range(2):
        assert session("g") == [f"breakpoint: cpu 0 at {ENTRY + 4:016x}"]
    assert session.machine.executed == 5
    assert session("b") == [f"{ENTRY + 4:016x}"]
    session(f"b {ENTRY + 2:x}")
    session(f"b- {ENTRY + 4:x}")
    assert session("g") == [f"breakpoint: cpu 0 at {ENTRY + 2:016x}"]
    session("b-")
    assert session("b") == []


def test_go_keeps_to_the_budget() -> None:
    session = Session(ending_program(LOOP), max_instructions=1000)
    assert session("g")[0].startswith("stopped: instruction budget used up")
    assert session.machine.executed == 1000
    session(f"b {ENTRY:x}")
    assert session("g")[0].startswith("stopped: instruction budget used up")
    assert session("s")[0].startswith("stopped: instruction budget used up")


def test_step_after_go_shows_only_its_own_changes(session: Session) -> None:
    session(f"b {ENTRY + 10:x}")
    session("g")
    assert session("s")[0].endswith("ESSA 4,2,1               gr4=0000000000000007 page[0x100]=Uz->Sz")


def test_psw(session: Session) -> None:
    assert session("psw") == [f"cpu 0: 0000000180000000 {ENTRY:016x} cc=0, operating"]


def test_registers(session: Session) -> None:
    session.machine.cpus[0].gr[5] = 0xABC
    assert session("gpr")[1] == f"cpu 0: gr4  {0:016x} gr5  {0xABC:016x} gr6  {0:016x} gr7  {0:016x}"
    # The initial CPU reset leaves 0xE0 in control register 0.
    assert session("cr")[0] == f"cpu 0: cr0  {0xE0:016x} cr1  {0:016x} cr2  {0:016x} cr3  {0:016x}"


def test_storage(session: Session) -> None:
    assert session(f"r {ENTRY:x}.6") == [f"{ENTRY:016x}  " + bytes.fromhex("c02f00100000").hex(" ", 4)]
    session.machine.storage.write(0x11008, bytes(range(16)))
    assert session("r 11008.10") == ["0000000000011008  00010203 04050607", "0000000000011010  08090a0b 0c0d0e0f"]


def test_looking_at_storage_does_not_touch_it(session: Session) -> None:
    states = session.machine.states
    assert session("r 180000.4") == ["0000000000180000  00000000  (Sz: logically zero)"]
    assert states.bytes[0x180] == 0x03
    states.bytes[0x180] = Usage.UNUSED
    assert session("r 180000.4") == ["0000000000180000  (Ur: a touch gives addressing (0x0005))"]
    states.bytes[0x180] = Usage.VOLATILE | 2
    assert session("r 180000.4") == ["0000000000180000  00000000  (Vp: logically zero)"]


def test_key(session: Session) -> None:
    session.machine.keys.bytes[0x180] = 0x3E
    assert session("key 180fff") == [
        "page 180 (180000): key 3e: access 3, fetch protection 1, reference 1, change 1",
    ]


def test_page(session: Session) -> None:
    session("s 2")
    assert session("page 0x100800") == ["page 100 (100000): Uz"]


def test_help_names_every_command(session: Session) -> None:
    assert session("help") == HELP.splitlines()


def test_quit(session: Session) -> None:
    assert not session.stepper.execute("q")


@pytest.mark.parametrize(
    ("command", "message"),
    (
        ("frob", "expected one of s, g, b, b-, psw, gpr, cr, r, key, page, evict, table, help or q, not 'frob'"),
        ("s x", "s: expected a number of instructions, not 'x'"),
        ("s -1", "s: expected a number of instructions, not '-1'"),
        ("g 1", "g: expected nothing more, not '1'"),
        ("b x", "b: expected a hexadecimal address, not 'x'"),
        ("b- 10000", "b-: there is no breakpoint at 10000"),
        ("r 10000", "r: expected ADDR.LEN, not '10000'"),
        ("r 10000.x", "r: expected a hexadecimal address, not 'x'"),
        ("r 10000.0", "r: expected a length of 1 to 10000, not 0"),
        ("r 1ffff0.11", "r: 200000 lies outside the memory of 200000 bytes"),
        ("key 200000", "key: 200000 lies outside the memory of 200000 bytes"),
        ("page", "page: expected a hexadecimal address, not ''"),
    ),
)
def test_wrong_command(session: Session, command: str, message: str) -> None:
    with pytest.raises(CommandError, match=f"^{re.escape(message)}$"):
        session(command)
