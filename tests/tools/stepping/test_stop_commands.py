# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands for stops."""

from __future__ import annotations

from tests.support.elf import ENTRY, LOOP, ending_program
from tests.tools.stepping.conftest import Typist


def test_a_stop_is_set_listed_and_removed() -> None:
    typist = Typist(ending_program(LOOP))
    assert typist(f"b {ENTRY + 4:x}") == [f"stop 1: instruction at {ENTRY + 4:#x}"]
    for _ in range(2):
        first, second = typist("g")
        assert first == f"stop 1: instruction at {ENTRY + 4:#x}"
        assert second.startswith(f"cpu 0: {ENTRY + 4:016x} ")
    assert typist.machine.executed == 5
    assert typist("b") == [f"stop 1: instruction at {ENTRY + 4:#x} ({ENTRY + 4:x}): happened 2 times"]
    typist(f"b {ENTRY + 2:x}; b- 1")
    assert typist("g")[0].startswith("stop 2: ")
    typist("b-")
    assert typist("b") == []


def test_a_stop_is_removed_by_its_address() -> None:
    typist = Typist(ending_program(LOOP))
    typist(f"b {ENTRY + 4:x}; b {ENTRY + 2:x}; d {ENTRY + 4:x}")
    assert [point.number for point in typist.session.stops] == [2]


def test_a_disabled_stop_is_passed() -> None:
    typist = Typist(ending_program(LOOP))
    typist(f"b {ENTRY + 4:x}; b {ENTRY + 2:x}; disable 1")
    assert typist("g")[0].startswith("stop 2: ")
    assert typist("g")[0].startswith("stop 2: ")
    assert typist("b")[0].endswith("happened 0 times, disabled")
    typist("enable 1")
    assert typist("g")[0].startswith("stop 1: ")


def test_a_stop_shows_what_has_happened(typist: Typist) -> None:
    lines = typist("b page 100000; g")
    assert lines[1:3] == ["stop 1: page-state change of page 100 (100000)", "  page 100 (100000): Sz -> Uz"]


def test_a_stop_at_the_target_of_an_execute_says_how_to_stop_there() -> None:
    # EXRL 0,*+10; BRC 15,*+8; AHI 2,1
    typist = Typist(ending_program(bytes.fromhex("c60000000005 a7f40004 a72a0001")))
    target = ENTRY + 10
    assert typist(f"b {target:x}") == [
        f"stop 1: instruction at {target:#x}",
        f"the EXECUTE at {ENTRY:x} has it as its target: 'b target {target:x}' stops there",
    ]
    assert typist(f"b {ENTRY + 6:x}") == [f"stop 2: instruction at {ENTRY + 6:#x}"]
    assert typist(f"b absolute {target:x}") == [f"stop 3: instruction at absolute {target:#x}"]
    typist(f"b-; b target {target:x}; g")
    assert typist.address == ENTRY
