# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-event recording: control registers that change between two stores, and what is stored by real addresses."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, PER
from tools.conform.architecture.case import INFERRED, VERIFIED, Case, CaseSection, FinalState, Going, program
from tools.conform.architecture.spaces import TableSpace

SOURCE = "PoP 4, Program-Event Recording, Control-Register Allocation (architecture reference B)"
BRANCH, STORE, STORE_REAL = 1 << 31, 1 << 29, 1 << 27
LAST = (1 << 64) - 1
ON = ADDRESSING_MODE | PER


def control_registers() -> Iterator[Case]:
    stored = program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here")
    # What control registers 9 to 11 have first, which of them gets another value, and that.
    for name, controls, register, value in (
        ("events", {9: 0, 10: 0x40000, 11: 0x40FFF}, 9, STORE),
        ("start", {9: STORE, 10: 0x41000, 11: 0x41FFF}, 10, 0x40000),
        ("start-below-end", {9: STORE, 10: 0x60000, 11: 0x3FFFF}, 10, 0x3FFFF),
        ("end", {9: STORE, 10: 0x3FF00, 11: 0x3FFFF}, 11, 0x40FFF),
    ):
        is_event = name != "start-below-end"
        yield Case(
            name=f"other-{name}",
            rule="Whether a store is an event depends on what the control registers ask for when it takes place.",
            source=SOURCE,
            basis=VERIFIED,
            mask=ON,
            controls=controls,
            registers={2: "page1", 6: "page2"},
            fill={"page2": value},
            code=f"STG 3,0(2)\nLCTLG {register},{register},0(6)\nhere: STG 3,0(2)\nafter: LGHI 15,1",
            events=(stored,) if is_event else (),
            end=FinalState(registers={15: int(not is_event)}),
        )


def real_stores() -> Iterator[Case]:
    yield Case(
        name="store-real-again",
        rule="Each store by a real address is an event, wherever it stores.",
        source=f"{SOURCE}; sources disagree (architecture reference H)",
        basis=INFERRED,
        mask=ON,
        controls={9: STORE | STORE_REAL, 10: 0, 11: 0},
        registers={2: "page1", 3: 1},
        code="first: STURG 3,2\nsecond: STURG 3,2\nafter: LGHI 15,1",
        events=(
            program(Code.PER_EVENT, ilc=4, at="second", mask=(0, 0), per_code=(0x08, 0x08), going=Going.OLD),
            program(Code.PER_EVENT, ilc=4, at="after", mask=(0, 0), per_code=(0x08, 0x08), going=Going.OLD),
        ),
        end=FinalState(registers={15: 1}),
    )


def stores() -> Iterator[Case]:
    yield Case(
        name="branches-only",
        rule="Where only branches are events no store is one.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: BRANCH, 10: 0, 11: LAST},
        registers={2: "page1"},
        code="STG 3,0(2)\nSTCTL 2,3,0(2)\nLGHI 15,1",
        end=FinalState(registers={15: 1}),
    )
    for name, code in (("swap-and-purge", "CSP 4,2"), ("swap-and-purge-grande", "CSPG 4,2")):
        yield Case(
            name=name,
            rule="COMPARE AND SWAP AND PURGE stores if its operands are equal, which is an event.",
            source=f"{SOURCE}; PoP 10, Compare and Swap and Purge",
            basis=VERIFIED,
            mask=ON,
            controls={9: STORE, 10: 0x40000, 11: 0x40007},
            registers={2: "page1", 4: 0, 5: 1},
            fill={"page1": 0},
            code=f"here: {code}\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=4, at="after", mask=(0, 0), per_code=0x20, per_address="here"),),
            end=FinalState(registers={15: 0}),
        )
    space = TableSpace().map(0, 0x40000)
    yield Case(
        name="area-of-two-bytes",
        rule="The area wraps around: the last byte that there is, and byte zero.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON | DAT,
        controls={1: space.asce, 9: STORE, 10: LAST, 11: 0},
        storage=space.storage,
        code="here: STG 3,0\nafter: LGHI 15,1",
        events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),),
        end=FinalState(registers={15: 0}),
    )


SECTION = CaseSection(
    "Program-event recording: what changes, and real addresses", (*control_registers(), *real_stores(), *stores())
)
