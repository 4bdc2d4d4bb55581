# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that ask."""

from __future__ import annotations

from tests.support.elf import ENTRY, ESSA_PROGRAM, ending_program
from tests.tools.stepping.conftest import Typist


def test_a_walk_through_the_tables(typist: Typist) -> None:
    typist("cr1=30000; cr13=20; abs 30000=0000000000031000; abs 31028=0000000000040200")
    assert typist("dat 5123") == [
        "DAT is off: the address is real; this is how it would be translated in the primary space",
        "ASCE 0000000000030000  segment table 30000, TL 0",
        "segment[0] at 30000: 0000000000031000  table 31000, TT segment",
        "page[5] at 31028: 0000000000040200  frame 40000, P protected",
        "5123 -> real 40123, no stores: DAT protection",
    ]
    assert typist("dat 5123 home")[-1] == "5123 -> real 5123"
    typist("pswm=0400000180000000")
    assert typist("dat 5123")[0].startswith("ASCE ")


def test_pending_interruptions(typist: Typist) -> None:
    typist("ckc=ffffffffffffffff; cputm=7fffffffffffffff")
    typist.machine.cpus[0].pending.external_call = 0
    assert typist("int")[0] == (
        "cpu 0: external call of CPU 0: pending, forbidden: PSW bit 7 (E) is zero; CR0 bit 50 is zero"
    )


def test_low_core_and_teid(typist: Typist) -> None:
    typist("r 8c=00060011; r a8=0000000000005400")
    assert "08c program ILC and code   00060011  ILC 6, page translation" in typist("lowcore")
    assert typist("teid") == ["0000000000005400: page 5000, primary space, store"]
    assert typist("teid 5404 4") == ["0000000000005404: page 5000, primary space, store, DAT protection"]
    assert typist("teid 5404 6") == ["0000000000005404: none is stored for code 0x0006"]
    assert all("I/O" in line or "subsystem" in line for line in typist("lowcore io"))


def test_why(typist: Typist) -> None:
    assert typist("why")[0] == "cpu 0: no interruption has been taken since it is being watched"
    typist("g")
    lines = typist("why")
    assert lines[0].startswith("cpu 0: waits, disabled: nothing but a restart can end it")
    assert lines[1] == "cpu 0: program interruption 0x0001 operation, just now"
    assert f"  cause: {ENTRY + 14:x} DC X'0000'" in lines
    assert '  rule: PoP 6, "Operation Exception"' in lines
    assert typist("log")[0].startswith(f"3 cpu 0: program 0001 operation, old PSW 0000000180000000 {ENTRY + 16:016x}")
    assert typist("log 0") == []


def test_a_back_trace(typist: Typist) -> None:
    assert typist("bt") == [f"#0  {ENTRY:016x}"]


def test_key(typist: Typist) -> None:
    typist.machine.keys.bytes[0x180] = 0x3E
    assert typist("key 180fff") == [
        "page 180 (180000): key 3e: access 3, fetch protection 1, reference 1, change 1",
    ]
    assert typist("key 180000=40")[0].startswith("page 180 (180000): key 40: access 4, ")


def test_page(typist: Typist) -> None:
    typist("s 2")
    assert typist("page 0x100800") == [
        "page 100 (100000): Uz",
        "  unused, zero; nowhere; key 00: access 0, fetch protection 0, reference 0, change 0",
        f"  1 cpu 0: {ENTRY + 6:016x} ESSA 3,2,2: Sz -> Uz",
    ]
    typist("s")
    assert typist("page 100000")[2:] == [
        f"  2 cpu 0: {ENTRY + 10:016x} ESSA 4,2,1: Uz -> Sz",
        f"  1 cpu 0: {ENTRY + 6:016x} ESSA 3,2,2: Sz -> Uz",
    ]
    assert typist("page 100000 1")[2:] == [f"  2 cpu 0: {ENTRY + 10:016x} ESSA 4,2,1: Uz -> Sz"]
    assert typist("page 101000")[2:] == ["  no change since the history begins"]
    assert len(typist("state 101000 unused")) == 2, "what is asked there is the state"
    assert typist("page 101000")[2:] == ["  3 from outside, by whoever debugs it: Sz -> Uz"]


def test_a_page_without_a_history() -> None:
    typist = Typist(ending_program(ESSA_PROGRAM), history=0)
    typist("s 2")
    assert len(typist("page 100000")) == 2


def test_table(typist: Typist) -> None:
    assert typist("table")[0] == "<state>|--tot--|---r---|---p---|---z---|"


def test_the_lookaside_buffer(typist: Typist) -> None:
    assert typist("tlb") == ["nothing is remembered"]
    typist("v 10000=50201000a7f4fffe; gr1=150000; t-; b instruction 1000; g")
    assert "0000000000150000 real key 0: store -> frame 150, stores" in typist("tlb")
