# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that go back, or to any moment of the history."""

from __future__ import annotations

import pytest

from emu.snapshot import differences, take
from tests.support.elf import ENTRY, LOOP, ending_program
from tests.tools.stepping.conftest import Typist
from tools.stepping.commands import CommandError


def test_forward_and_back(typist: Typist) -> None:
    before = take(typist.machine)
    typist("s 3")
    assert typist("back 3")[0].startswith(f"cpu 0: {ENTRY:016x} ")
    assert not list(differences(before, take(typist.machine)))


def test_back_from_the_end(typist: Typist) -> None:
    """The run has not ended any more."""
    typist("g")
    assert typist.stepper.stop is not None
    assert typist("reverse-stepi")[0] == f"cpu 0: {ENTRY + 14:016x} DC X'0000'"
    assert typist.stepper.stop is None
    assert typist("why")[0] == "cpu 0: no interruption has been taken since it is being watched"


def test_not_before_the_beginning(typist: Typist) -> None:
    typist("s 2")
    lines = typist("back 5")
    assert lines[-1] == "the history begins here: 2 of 5 steps undone"
    assert typist.address == ENTRY


def test_to_an_instruction() -> None:
    typist = Typist(ending_program(LOOP))
    typist("goto 1,000")
    assert typist.machine.executed == 1000
    typist("goto 10")
    assert (typist.machine.executed, typist.address) == (10, ENTRY + 2)
    assert typist("history")[0] == "instruction 10 of 0 to 1,000"


def test_a_change_is_undone_too(typist: Typist) -> None:
    typist("s; gr9=5; s; back 2")
    assert typist.machine.cpus[0].gr[9] == 0
    typist("s")
    assert typist.machine.cpus[0].gr[9] == 5, "it belongs to the run now"


def test_without_a_history() -> None:
    typist = Typist(ending_program(LOOP), history=0)
    for command in ("back", "goto 1"):
        with pytest.raises(CommandError, match=f"^{command.split()[0]}: no history is kept$"):
            typist(command)
    assert typist("history") == ["no history is kept"]


def test_what_is_no_number(typist: Typist) -> None:
    with pytest.raises(CommandError, match=r"^goto: expected a number of instructions, not '-1'$"):
        typist("goto -1")


def test_back_to_the_last_stop() -> None:
    typist = Typist(ending_program(LOOP))
    typist(f"goto 1000; b {ENTRY + 2:x}")
    lines = typist("rg")
    assert lines[0].startswith("stop ")
    assert (typist.address, typist.machine.executed) == (ENTRY + 2, 997)
    typist("b-")
    assert typist("reverse-continue")[0] == "no stop has come since the history begins, which is here"
    assert typist.machine.executed == 0


def test_back_to_what_is_named() -> None:
    typist = Typist(ending_program(LOOP))
    typist("goto 1000")
    lines = typist(f"rg {ENTRY + 2:x} if executed > 5")
    assert lines[0] == f"instruction at {ENTRY + 2:#x}"
    assert typist.address == ENTRY + 2
    assert list(typist.session.stops) == [], "it is no stop of the list"
    assert typist("rg essa")[0] == "nothing like that has come since the history begins, which is here"
    with pytest.raises(CommandError, match=r"^rg: expected a hexadecimal address, not 'frobnicate'"):
        typist("rg frobnicate")


def test_who_shows_a_psw_as_two_doublewords(typist: Typist) -> None:
    typist("s")
    (line,) = typist("who psw")
    assert line.endswith(f": 0000000180000000 {ENTRY:016x} -> 0000000180000000 {ENTRY + 6:016x}")


def test_who_has_changed_it_last(typist: Typist) -> None:
    typist("s 3")
    assert typist("who gr3") == [f"1 cpu 0: {ENTRY + 6:016x} ESSA 3,2,2: {0:016x} -> {3:016x}"]
    assert typist("who page 100000 3") == [
        f"2 cpu 0: {ENTRY + 10:016x} ESSA 4,2,1: Uz -> Sz",
        f"1 cpu 0: {ENTRY + 6:016x} ESSA 3,2,2: Sz -> Uz",
        "nothing before that",
    ]
    assert typist("who gr9") == ["nothing, since the history begins"]
    assert typist("who key 100000") == ["nothing, since the history begins"]
    typist("s")
    assert typist("who 8c.4")[0].endswith("DC X'0000', by the program interruption 0001: 00000000 -> 00020001")
    assert typist.machine.executed == 3, "it stays where it is"


@pytest.mark.parametrize(
    ("command", "message"),
    (
        ("who", "who: expected a register, an address, or key or page and one; not ''"),
        ("who 200000", "who: 200000 lies outside the memory of 200000 bytes"),
        ("who 1ffc.8", "who: expected bytes of one page, not 8 at 1ffc"),
        ("who page 200000", "who: 200000 lies outside the memory of 200000 bytes"),
    ),
)
def test_who_is_asked_wrongly(typist: Typist, command: str, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        typist(command)
    assert str(caught.value) == message
