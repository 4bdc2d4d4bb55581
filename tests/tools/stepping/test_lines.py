# SPDX-License-Identifier: GPL-2.0-or-later
"""The stepper: lines, words, the budget, and what is wrong with wrong commands."""

from __future__ import annotations

import re

import pytest

from tests.support.elf import ENTRY, LOOP, ending_program
from tests.tools.stepping.conftest import Typist
from tools.stepping.lines import CommandError, execute, parts


def test_empty_line_steps(typist: Typist) -> None:
    assert len(typist("")) == 1
    assert typist.address == ENTRY + 6


def test_several_commands_in_a_line(typist: Typist) -> None:
    assert len(typist("s; s;psw")) == 4
    assert parts("b console 'a;b'; g") == ["b console 'a;b'", " g"]


def test_a_remark_is_not_read(typist: Typist) -> None:
    assert typist("# s") == []
    assert typist.machine.executed == 0


def test_what_the_history_was_not_told_is_a_line(typist: Typist) -> None:
    typist("b essa; g")
    typist.machine.cpus[0].gr[1] = 5
    with pytest.raises(CommandError, match=r"^key: the machine was changed at instruction 1, and the history"):
        typist("key 3000=10")


@pytest.mark.parametrize("word", ("q", "quit", "exit"))
def test_quit(typist: Typist, word: str) -> None:
    assert not execute(typist.stepper, word)
    assert not execute(typist.stepper, f"psw; {word}; s")
    assert typist.machine.executed == 0


def test_the_budget_ends_every_way_of_going_on() -> None:
    typist = Typist(ending_program(LOOP), max_instructions=1000)
    assert typist("g")[0].startswith("stopped: instruction budget used up")
    assert typist.machine.executed == 1000
    typist(f"b {ENTRY:x}")
    for command in ("g", "s", "over", "until"):
        assert typist(command)[0].startswith("stopped: instruction budget used up"), command
    assert typist.machine.executed == 1000


@pytest.mark.parametrize(
    ("command", "message"),
    (
        ("frob", "there is no command 'frob' ('help' lists them): did you mean fr?"),
        ("gpx", "there is no command 'gpx' ('help' lists them): did you mean gpr?"),
        ("s x", "s: expected a number of instructions, not 'x'"),
        ("s -1", "s: expected a number of instructions, not '-1'"),
        ("g 1", "g: expected nothing more, not '1'"),
        ("over x", "over: expected a number, not 'x'"),
        ("finish", "finish: the stack does not say who has called this function"),
        ("t maybe", "t: expected on or off, not 'maybe'"),
        ("cpu 1", "cpu: expected the address of a CPU, 0 to 0, not 1"),
        ("cpu x", "cpu: expected the address of a CPU, not 'x'"),
        ("b xyzzy", "b: expected a hexadecimal address, not 'xyzzy' (no symbols are known)"),
        ("b- 10000", "b-: there is no stop 10000, and none at 10000"),
        ("disable 3", "disable: expected the number of a stop, and there is none; not '3'"),
        ("r", "r: expected ADDR.LEN, not ''"),
        ("r 10000.x", "r: expected a hexadecimal address, not '10000.x' (no symbols are known)"),
        ("r 10000.0", "r: expected a length of 1 to 10000, not 0"),
        ("r 1ffff0.11", "r: 200000 lies outside the memory of 200000 bytes"),
        ("r 10000=", "r: expected bytes in hexadecimal behind the equals sign"),
        ("page 0 -5", "page: expected a number of changes, not '-5'"),
        ("r 10000=xy", "r: expected bytes in hexadecimal, not 'xy'"),
        ("x", "x: expected an address"),
        ("x/4q 0", "x: expected a number, a format and a size, as in x/4xg, not '4q'"),
        ("key 200000", "key: 200000 lies outside the memory of 200000 bytes"),
        ("key 10000=1", "key: expected a storage key, an even number from 00 to fe, not 01"),
        ("page", "page: expected a hexadecimal address, not '' (no symbols are known)"),
        ("gpr 1", "gr: expected nothing more, not '1'"),
        ("psw x", "psw: expected nothing more, or -v; not 'x'"),
        ("gr1=zz", "set: expected a hexadecimal address, not 'zz' (no symbols are known)"),
        ("ar1=100000000", "set: ar1: expected 32 bits, not 0x100000000"),
        ("set gr1", "set: expected REGISTER=VALUE, not 'gr1'"),
        ("dat", "dat: expected an address, and primary, secondary or home; not ''"),
        ("dat 0 x", "dat: expected an address, and primary, secondary or home; not '0 x'"),
        ("teid 1", "teid: expected a value and an interruption code, not '1'"),
        ("state 10000 gone", None),
        ("evict 10000", "evict: there is no host to take a frame; expected --host-memory"),
        ("inject nmi", None),
        ("inject program 99", "inject: expected the code of a program interruption, not 0x99"),
        ("pend key", "pend: expected interrupt-key, or machine-check and its conditions; not 'key'"),
        (
            "pend machine-check 1",
            "pend: expected machine-check conditions, some of e5c0000000000000, not 0000000000000001",
        ),
        ("snapshot keep x", "snapshot: expected save or restore, and a file; not 'keep x'"),
        ("snapshot restore /nowhere", "snapshot: /nowhere: cannot be read: No such file or directory"),
        ("snapshot save /nowhere/x", "snapshot: /nowhere/x: cannot be written: No such file or directory"),
        ("dis 10000 x", "dis: expected an address and a number of instructions, not '10000 x'"),
        ("help frob", "there is no command 'frob' ('help' lists them): did you mean fr?"),
        ("lowcore nmi", None),
    ),
)
def test_wrong_command(typist: Typist, command: str, message: str | None) -> None:
    """Where the message is a long list of words, that it says what it expected is enough."""
    expected = rf"^{re.escape(message)}$" if message is not None else rf"^{command.split(maxsplit=1)[0]}: expected "
    with pytest.raises(CommandError, match=expected):
        typist(command)
