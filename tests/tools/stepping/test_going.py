# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that let the machine go on."""

from __future__ import annotations

import pytest

from emu.machine import StopKind
from tests.support.elf import ENTRY, LOOP, ending_program
from tests.tools.stepping.conftest import Typist

CALLS = bytes.fromhex(
    "a7fbff60"  # AGHI 15,-160
    "c0e500000006"  # BRASL 14, the function
    "a7290001"  # LGHI 2,1
    "0000"
    "a7fbff60"  # the function: AGHI 15,-160
    "a7390002"  # LGHI 3,2
    "a7fb00a0"  # AGHI 15,160
    "07fe"  # BR 14
)
FUNCTION = ENTRY + 16


@pytest.mark.parametrize("word", ("s", "stepi", "si", "step"))
def test_step_shows_one_line(typist: Typist, word: str) -> None:
    assert typist(word) == [
        f"cpu 0: S {ENTRY:016x} (c02f00100000) LLILF 2,0x100000         gr2=0000000000100000",
    ]


def test_step_many(typist: Typist) -> None:
    lines = typist("s 3")
    assert [line.split()[5:7] for line in lines] == [["LLILF", "2,0x100000"], ["ESSA", "3,2,2"], ["ESSA", "4,2,1"]]
    assert lines[1].endswith("page[0x100]=Sz->Uz")
    assert lines[2].endswith("page[0x100]=Uz->Sz")


def test_a_step_in_a_wait_says_how_much_time_passes(typist: Typist) -> None:
    cpu = typist.machine.cpus[0]
    cpu.clock_comparator = typist.machine.timing.tod + 80
    typist("cr0=800; psw=0102000180000000 0000000000010000")
    # Four steps of the clock are a unit, and it must be past the comparator.
    assert typist("s") == ["every CPU waits: 21 units of time pass"]
    (line,) = typist("s")
    assert line.startswith("cpu 0: external interruption 0x1004")


def test_a_step_into_the_check_stop_state_says_so(typist: Typist) -> None:
    lines = typist("state 0 unused; s 4")
    assert lines[-1].startswith("cpu 0: in the check-stop state: the prefix area at 0x0 ")


def test_steps_end_at_the_stop(typist: Typist) -> None:
    lines = typist("s 100")
    assert lines[-2].startswith("cpu 0: program interruption 0x0001 operation")
    assert lines[-1].startswith("stopped: disabled wait at 0xfff (CPU 0, PSW ")
    assert typist.stepper.stop is not None
    assert typist.stepper.stop.kind is StopKind.DISABLED_WAIT


@pytest.mark.parametrize("word", ("g", "c", "continue"))
def test_go_to_the_end(typist: Typist, word: str) -> None:
    assert [line[:34] for line in typist(word)] == ["stopped: disabled wait at 0xfff (C"]


def test_step_after_go_shows_only_its_own_changes(typist: Typist) -> None:
    typist(f"b {ENTRY + 10:x}; g")
    assert typist("s")[0].endswith("ESSA 4,2,1               gr4=0000000000000007 page[0x100]=Uz->Sz")


def test_until() -> None:
    typist = Typist(ending_program(LOOP))
    assert typist(f"until {ENTRY + 4:x}")[0].startswith(f"cpu 0: {ENTRY + 4:016x} ")
    assert typist.machine.executed == 2
    assert list(typist.session.stops) == []


def test_until_the_end_of_a_loop() -> None:
    """BRCT 1 from 3 on: behind it register 1 is zero."""
    typist = Typist(ending_program(bytes.fromhex("a7190003a71600000700")))
    typist("s 1; until")
    assert (typist.address, typist.machine.cpus[0].gr[1]) == (ENTRY + 8, 0)


def test_over_a_call_and_out_of_a_function() -> None:
    typist = Typist(ending_program(CALLS))
    typist.machine.cpus[0].gr[15] = 0x20000
    typist("over")
    typist("over")
    assert (typist.address, typist.machine.cpus[0].gr[3]) == (ENTRY + 10, 2)


def test_finish() -> None:
    typist = Typist(ending_program(CALLS))
    cpu = typist.machine.cpus[0]
    cpu.gr[15] = 0x20000
    typist("s 3")
    assert typist.address == FUNCTION + 4
    # What the prologue of a compiled function stores: the back chain, and where the caller goes on.
    typist(f"abs {cpu.gr[15]:x}={cpu.gr[15] + 160:016x}; abs {cpu.gr[15] + 160 + 112:x}={cpu.gr[14]:016x}")
    typist("finish")
    assert (typist.address, cpu.gr[3]) == (ENTRY + 10, 2)


def test_a_stop_inside_a_call_ends_over() -> None:
    typist = Typist(ending_program(CALLS))
    typist.machine.cpus[0].gr[15] = 0x20000
    typist(f"s; b {FUNCTION + 4:x}")
    assert typist("over")[0].startswith("stop 1: ")
    assert typist.address == FUNCTION + 4


def test_tracing_while_going_on(typist: Typist) -> None:
    assert typist("t") == ["every instruction is shown"]
    lines = typist("g")
    assert [line.split()[5] for line in lines[:3]] == ["LLILF", "ESSA", "ESSA"]
    assert typist("t-; t+; t off")[-1] == "every instruction is not shown"


def test_the_cpu_that_is_meant() -> None:
    typist = Typist(ending_program(LOOP), cpus=2)
    typist("cpu 1; gr5=7; cpu 0; gr5=8; cpu")
    assert [cpu.gr[5] for cpu in typist.machine.cpus] == [8, 7]
