# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-event recording."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, PER
from tools.conform.architecture.case import (
    INFERRED,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    Going,
    program,
    supervisor_call,
)

SOURCE = "PoP 4, Program-Event Recording (architecture reference B)"
BRANCH, FETCH, STORE, STORE_REAL, NULLIFY, TARGET = 1 << 31, 1 << 30, 1 << 29, 1 << 27, 1 << 24, 1 << 23
ON = ADDRESSING_MODE | PER
EVERYWHERE = {10: 0, 11: (1 << 64) - 1}
PER_MODE = 0xA0 | 0x40


def events() -> Iterator[Case]:
    taken = program(Code.PER_EVENT, ilc=4, at="target", per_code=0x80, per_address="branch", per_mode=0xE0)
    code = "branch: BRC 15,target\nLGHI 14,1\ntarget: LGHI 15,1"
    yield Case(
        name="branch",
        rule="A branch that is taken is an event; the old PSW has its target, the PER address its own.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: BRANCH},
        code=code,
        events=(taken,),
    )
    yield Case(
        name="branch-not-taken",
        rule="A branch that is not taken is none.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: BRANCH},
        code="BRC 0,target\nBCR 15,0\nLGHI 14,1\ntarget: LGHI 15,1",
        end=FinalState(registers={14: 1}),
    )
    for name, start, end, is_event in (("inside", 0x8008, 0x8008, True), ("outside", 0x8000, 0x8007, False)):
        yield Case(
            name=f"branch-target-{name}",
            rule="With the branch-address control one the target must be in the range.",
            source=SOURCE,
            basis=VERIFIED,
            mask=ON,
            controls={9: BRANCH | TARGET, 10: start, 11: end},
            code=code,
            events=(taken,) if is_event else (),
        )
    yield Case(
        name="off",
        rule="Nothing is recorded while the PER mask of the PSW is zero.",
        source=SOURCE,
        basis=VERIFIED,
        controls={9: BRANCH | FETCH | STORE} | EVERYWHERE,
        code=code,
        end=FinalState(registers={15: 1}),
    )
    fetched = program(Code.PER_EVENT, ilc=4, at="after", per_code=0x40, per_address="here", per_mode=0xE0)
    for name, start, end, is_event in (
        ("at", 0x8002, 0x8002, True),
        ("range", 0x8001, 0x8003, True),
        ("before", 0x7000, 0x7FFF, False),
        ("wrapping", 0x9000, 0x8002, True),
        ("wrapping-outside", 0x9000, 0x8001, False),
    ):
        wraps = start > end
        yield Case(
            name=f"fetch-{name}",
            rule="Fetching an instruction whose first byte is in the range is an event; the range may wrap.",
            source=SOURCE,
            basis=VERIFIED,
            mask=ON,
            controls={9: FETCH, 10: start, 11: end},
            code="BCR 0,0\nhere: LGHI 14,1\nafter: LGHI 15,1",
            events=(
                (program(Code.PER_EVENT, ilc=2, at="here", per_code=0x40, per_address="code"),)
                if wraps
                else (fetched,)
                if is_event
                else ()
            ),
        )
    for name, code_, start, end, is_event in (
        ("first-byte", "STG 3,0(2)", 0x40000, 0x40000, True),
        ("last-byte", "STG 3,0(2)", 0x40007, 0x40010, True),
        ("before", "STG 3,0(2)", 0x3FF00, 0x3FFFF, False),
        ("behind", "STG 3,0(2)", 0x40008, 0x40010, False),
        ("fetch", "LG 3,0(2)", 0x40000, 0x40010, False),
    ):
        yield Case(
            name=f"store-{name}",
            rule="Storing into the range is an event, whatever is stored.",
            source=SOURCE,
            basis=VERIFIED,
            mask=ON,
            controls={9: STORE, 10: start, 11: end},
            registers={2: "page1", 3: 0},
            code=f"here: {code_}\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),) if is_event else (),
            end=FinalState(registers={15: int(not is_event)}),
        )
    yield Case(
        name="several",
        rule="Events of one instruction come together in one interruption.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: FETCH | STORE} | EVERYWHERE,
        registers={2: "page1"},
        code="here: STG 3,0(2)\nafter: LGHI 15,1",
        events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x60, per_address="here"),),
    )
    yield Case(
        name="execute",
        rule="The PER address and the ILC are those of the execute instruction.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: STORE, 10: 0x40000, 11: 0x40FFF},
        registers={2: "page1"},
        code="here: EXRL 0,target\nafter: BRC 15,done\ntarget: STG 3,0(2)\ndone: LGHI 15,1",
        events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),),
    )
    yield Case(
        name="fetch-nullification",
        rule="With instruction-fetching nullification the instruction is not executed: the old PSW points at it.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: FETCH | NULLIFY, 10: 0x8004, 11: 0x8004},
        code="LGHI 13,1\nhere: LGHI 14,1\nafter: LGHI 15,1",
        events=(program(Code.PER_EVENT, ilc=None, at="here", per_code=0x41, per_address="here"),),
        end=FinalState(registers={13: 1, 14: 0}),
    )


def together() -> Iterator[Case]:
    everything = {9: FETCH} | EVERYWHERE
    yield Case(
        name="with-operation-exception",
        rule="Another program interruption of the same instruction comes with its events, both codes ORed.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls=everything,
        code="here: DC X'0000'\nafter: LGHI 15,1",
        events=(program(Code.OPERATION | 0x80, ilc=2, at="after", per_code=0x40, per_address="here"),),
    )
    yield Case(
        name="store-that-is-suppressed",
        rule="A store that is suppressed is no storage-alteration event.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: STORE} | EVERYWHERE,
        registers={2: "nowhere"},
        code="here: STG 3,0(2)\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=6, at="after"),),
    )
    yield Case(
        name="with-early-exception",
        rule="An early exception of the PSW that an instruction loads comes with its events; the ILC is 0.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls=everything,
        registers={2: "page1"},
        storage={"page1": (ADDRESSING_MODE | 1 << 61).to_bytes(8, "big") + (0x9000).to_bytes(8, "big")},
        code="here: LPSWE 0(2)\nafter: LGHI 15,1",
        events=(
            program(
                Code.SPECIFICATION | 0x80,
                ilc=0,
                at=0x9000,
                mask=(ADDRESSING_MODE | 1 << 61, (1 << 64) - 1),
                per_code=0x40,
                per_address="here",
            ),
        ),
    )
    yield Case(
        name="with-supervisor-call",
        rule="Of SUPERVISOR CALL the supervisor-call interruption is taken first, and then the event, whose old PSW is "
        "the new one of the call.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls=everything,
        code="here: SVC 3\nafter: LGHI 15,1",
        events=(
            program(
                Code.PER_EVENT,
                ilc=2,
                at="supervisor_call_handler",
                mask=ADDRESSING_MODE,
                per_code=0x40,
                per_address="here",
                going=Going.OLD,
            ),
            supervisor_call(3, at="after"),
        ),
    )
    yield Case(
        name="with-monitor-event",
        rule="A monitor event comes with the events of its instruction.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls=everything | {8: 1 << 15 - 5},
        code="here: MC 7,5\nafter: LGHI 15,1",
        events=(
            program(
                Code.MONITOR_EVENT | 0x80,
                ilc=4,
                at="after",
                per_code=0x40,
                per_address="here",
                monitor_class=5,
                monitor_code=7,
            ),
        ),
    )
    yield Case(
        name="store-real-address",
        rule="STORE USING REAL ADDRESS is an event of its own, wherever it stores.",
        source=f"{SOURCE}; sources disagree (architecture reference H)",
        basis=INFERRED,
        mask=ON,
        controls={9: STORE | STORE_REAL, 10: 0, 11: 0},
        registers={2: "page1"},
        code="here: STURG 3,2\nafter: LGHI 15,1",
        events=(program(Code.PER_EVENT, ilc=4, at="after", per_code=(0x08, 0x08), per_address="here"),),
    )


SECTION = CaseSection("Program-event recording", (*events(), *together()))
