# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of stop as it is typed."""

from __future__ import annotations

import pytest

from emu.bits import MASK_64
from emu.page_states import Content, Usage
from emu.running.stopping import kinds
from emu.running.stopping.classes import mnemonics_of
from emu.running.stopping.kinds import StopOn, StopSpace
from tests.support.elf import ENTRY
from tests.tools.stepping.conftest import Typist
from tools.stepping import stop_words
from tools.stepping.commands import CommandError
from tools.stepping.stop_words import HELP, parse_stop


@pytest.mark.parametrize(
    ("text", "on"),
    (
        ("146d0", kinds.AtAddress(0x146D0)),
        ("*0x146d0", kinds.AtAddress(0x146D0)),
        ("gr15+8", kinds.AtAddress(0x20008)),
        ("real 100", kinds.AtAddress(0x100, StopSpace.REAL)),
        ("absolute 100", kinds.AtAddress(0x100, StopSpace.ABSOLUTE)),
        ("target 146d0", kinds.AtTarget(0x146D0)),
        ("essa", kinds.AtMnemonic(frozenset({"ESSA"}))),
        ("keys", kinds.AtMnemonic(mnemonics_of("keys"))),
        ("mnemonic io", kinds.AtMnemonic(mnemonics_of("io"))),
        ("program", kinds.AtInterruption("program")),
        ("program 1a", kinds.AtInterruption("program", frozenset({0x1A}))),
        ("external 1004,1005 before", kinds.AtInterruption("external", frozenset({0x1004, 0x1005}), before=True)),
        ("interruption", kinds.AtInterruption()),
        ("page 110000", kinds.PageStateChange(0x110)),
        ("page any unused", kinds.PageStateChange(None, Usage.UNUSED)),
        ("page 110fff volatile", kinds.PageStateChange(0x110, Usage.VOLATILE)),
        ("page 110000 evicted", kinds.ContentChange(0x110, Content.PRESERVED)),
        ("page any discarded", kinds.ContentChange(None, Content.ZERO)),
        ("page 110000 resident", kinds.ContentChange(0x110, Content.RESIDENT)),
        ("key", kinds.StorageKeyChange()),
        ("key 110000", kinds.StorageKeyChange(0x110)),
        ("touch 110000", kinds.FirstTouch(0x110)),
        ("cr 1", kinds.ControlRegisterChange(1, MASK_64)),
        ("cr0 4000", kinds.ControlRegisterChange(0, 0x4000)),
        ("psw", kinds.PswMaskChange()),
        ("psw 100000000000000", kinds.PswMaskChange(1 << 56)),
        ("store 1000", kinds.StorageAccess(0x1000, 0x1000)),
        ("store 1000.8", kinds.StorageAccess(0x1000, 0x1007)),
        ("fetch 1000-100f", kinds.StorageAccess(0x1000, 0x100F, stores=False, fetches=True)),
        ("access 1000.8 real", kinds.StorageAccess(0x1000, 0x1007, StopSpace.REAL, fetches=True)),
        ("console login:", kinds.ConsoleText(b"login:")),
        ("console ' a '", kinds.ConsoleText(b" a ")),
        ("instruction 1,000", kinds.AtInstructionCount(1000)),
        ("time 5", kinds.AtTime(5)),
        ("essa count 1000000", kinds.AtMnemonic(frozenset({"ESSA"}), count=1_000_000)),
    ),
)
def test_each_kind(typist: Typist, text: str, on: StopOn) -> None:
    typist.machine.cpus[0].gr[15] = 0x20000
    assert parse_stop(typist.session, text) == on


@pytest.mark.parametrize("text", ("essa if m3 == 1 count 3", "essa count 3 if m3 == 1"))
def test_condition_and_count_in_any_order(typist: Typist, text: str) -> None:
    on = parse_stop(typist.session, text)
    assert isinstance(on, kinds.AtMnemonic)
    assert (on.count, on.condition is not None) == (3, True)


def test_when(typist: Typist) -> None:
    on = parse_stop(typist.session, "when gr2 == 0x100000")
    assert isinstance(on, kinds.When)
    assert str(on) == "when gr2 == 0x100000"


def test_a_condition_holds_a_stop_off(typist: Typist) -> None:
    """The program executes ESSA with request 2, then with request 1."""
    typist("b essa if m3 == 1; g")
    assert typist.address == ENTRY + 10
    assert typist("b") == ["stop 1: instruction ESSA (essa if m3 == 1): happened 1 times"]


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("essa count x", "b: count: expected a number, not 'x'"),
        ("essa count -1", "b: count: expected a number, not '-1'"),
        ("essa count -1 if cc == 0", "b: count: expected a number, not '-1'"),
        ("svc 1ff", "b: expected codes of svc up to ff, not 1ff"),
        ("program 10000", "b: expected codes of program up to ffff, not 10000"),
        ("program ,", "b: expected codes parted by commas, not ','"),
        ("restart 1", "b: expected codes of restart up to 0, not 1"),
        ("cr 0 0", "b: expected bits of which at least one is one, not 0"),
        ("psw 0", "b: expected bits of which at least one is one, not 0"),
        ("essa count 0", "b: the count of a stop must be at least 1, not 0"),
        ("essa if", "b: expected an address, or a word that 'help b' lists, and not 'essa if'"),
        ("essa if gr16 == 1", "b: expected a register, a field of the instruction or a symbol, not 'gr16'"),
        ("page 110000 gone", "b: expected one of stable, unused"),
        ("page 200000", "b: 200000 lies outside the memory of 200000 bytes"),
        ("page 1 2 3", "b: expected a page and a state, not '1 2 3'"),
        ("cr 16", "b: expected the number of a control register, 0 to 15, not 16"),
        ("cr", "b: expected the number of a control register, and bits, not ''"),
        ("console", "b: expected a text of the console, which was empty"),
        ("time x", "b: expected a decimal number, not 'x'"),
        ("mnemonic frob", "b: expected a mnemonic or one of "),
        ("program xx", "b: expected a hexadecimal address, not 'xx'"),
    ),
)
def test_what_is_no_stop(typist: Typist, text: str, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_stop(typist.session, text)
    assert str(caught.value).startswith(message)


def test_the_help_has_every_word() -> None:
    typed = " ".join(f"{usage} {text}" for usage, text in HELP).replace("|", " ").split()
    for word in stop_words._WORDS:
        assert (
            word in typed or f"{word}," in typed or f"({word})" in typed or word.startswith("cr") or word == "content"
        )
