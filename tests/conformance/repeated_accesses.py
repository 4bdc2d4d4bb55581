# SPDX-License-Identifier: GPL-2.0-or-later
"""The same again: what has gone well once is checked, recorded and interrupted the next time, too."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, PER
from tools.conform.architecture.case import (
    ANY_CONDITION_CODE,
    INFERRED,
    PAGING,
    VERIFIED,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    Going,
    external,
    program,
)
from tools.conform.architecture.page_states import state_byte

CONTENT = 0x7777_7777_7777_7777
CR0, EMERGENCY_MASK, ALTERATION = 0xE0, 1 << 14, 1 << 29
ALL = (1 << 64) - 1


def exceptions() -> Iterator[Case]:
    times = 20
    yield Case(
        name="exception",
        rule="An exception may be met at the same place again and again; each is an interruption.",
        source="PoP 6, Program Interruption",
        basis=VERIFIED,
        registers={2: times},
        code="again: LGHI 3,1\nDC X'0000'\nafter: AGHI 2,-1\nBRC 7,again",
        events=(program(Code.OPERATION, ilc=2, at="after", mask=(0, 0), going=Going.OLD),) * times,
        end=FinalState(registers={2: 0}),
    )
    limit = (1 << 24) - 1
    yield Case(
        name="late-exception",
        rule="That an address is odd is found when an instruction is to be fetched there, even the last one of the "
        "addressing mode: a pending interruption comes first.",
        source="PoP 6, Late Exception Recognition",
        basis=VERIFIED,
        controls={0: CR0 | EMERGENCY_MASK},
        registers={2: 0, 6: "page1"},
        storage={"page1": EXTERNAL_MASK.to_bytes(8, "big") + limit.to_bytes(8, "big")},
        code="SIGP 4,2,3\nLPSWE 0(6)",
        events=(external(0x1201, at=limit, mask=(EXTERNAL_MASK, ANY_CONDITION_CODE)),),
    )


def accesses() -> Iterator[Case]:
    event = {"ilc": 4, "per_code": 0x20, "going": Going.OLD, "mask": (0, 0)}
    yield Case(
        name="storage-alteration",
        rule="Each store into the designated area is an event.",
        source="PoP 4, Program-Event Recording, Storage Alteration",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | PER,
        controls={9: ALTERATION, 10: 0x40000, 11: 0x40FFF},
        registers={2: "page1"},
        code="STCTL 2,3,0(2)\nfirst: STCTL 2,3,8(2)\nsecond: LGHI 15,1",
        events=(
            program(Code.PER_EVENT, at="first", **event),  # type: ignore[arg-type]
            program(Code.PER_EVENT, at="second", **event),  # type: ignore[arg-type]
        ),
    )
    common = {
        "rule": "Another access key is held against the storage key, whatever has been permitted before.",
        "source": "PoP 3, Key-Controlled Protection; PoP 10, Move with Source Key, Move with Destination Key",
        "basis": VERIFIED,
        "keys": {"page1": 0x18, "page2": 0x20},
        "fill": {"page1": CONTENT, "page2": 0},
    }
    for name, code, refused in (
        ("source-key", "LCTL 2,3,0(4)\nLGHI 0,7\nLGHI 1,0x30\nMVCSK 0(6),0(4)", True),
        ("source-key-permitted", "LCTL 2,3,0(4)\nLGHI 0,7\nLGHI 1,0x10\nMVCSK 0(6),0(4)", False),
        ("destination-key", "STCTL 2,3,0(6)\nLGHI 0,7\nLGHI 1,0x30\nMVCDK 0(6),0(4)", True),
    ):
        yield Case(
            name=name,
            registers={4: "page1", 6: "page2"},
            code=f"{code}\nafter: LGHI 15,1",
            events=(program(Code.PROTECTION, ilc=6, at="after"),) if refused else (),
            end=FinalState(storage={"page2": 0 if refused else CONTENT}),
            **common,
        )
    yield Case(
        name="after-destination-key",
        rule="What one access key has been permitted says nothing of the key of the PSW.",
        source="PoP 3, Key-Controlled Protection; PoP 10, Move with Destination Key",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | 1 << 52,
        keys={"page2": 0x20},
        fill={"page1": CONTENT, "page2": 0},
        registers={0: 7, 1: 0x20, 4: "page1", 6: "page2"},
        code="MVCDK 0(6),0(4)\nSTCTL 2,3,0(6)\nafter: LGHI 15,1",
        events=(program(Code.PROTECTION, ilc=4, at="after"),),
        end=FinalState(storage={"page2": CONTENT}),
    )


def frames() -> Iterator[Case]:
    yield Case(
        name="more-than-the-host-has",
        rule="An instruction that needs more pages than the host has at hand goes on when it has made room.",
        source="PoP 10, Perform Frame Management Function; Schwidefsky v7 cover letter (page-hinting reference 2.3)",
        basis=INFERRED,
        needs=(ZVM, PAGING),
        registers={2: 0x10_0000, 3: 0x1_1000},
        fill={0x10_0008: CONTENT, 0x1F_F008: CONTENT},
        code="PFMF 3,2\nLLILF 5,0x100000\nLLILF 6,0x1ff000\nLG 7,8(5)\nLG 8,8(6)",
        end=FinalState(registers={2: 0x20_0000, 7: 0, 8: 0}),
    )
    yield Case(
        name="prefix-area",
        rule="The host does not take the page that interruptions are stored in.",
        source="page-hinting reference 2.4",
        basis=INFERRED,
        needs=(ZVM, PAGING),
        registers={2: 0},
        is_pressed=True,
        code="ESSA 3,2,0",
        end=FinalState(registers={3: state_byte("Sr")}),
    )


SECTION = CaseSection("The same again", (*exceptions(), *accesses(), *frames()))
