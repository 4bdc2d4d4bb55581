# SPDX-License-Identifier: GPL-2.0-or-later
"""The discard fault: pages made again, other conditions at once, DAT, prefixing and PER (z/VM's page states)."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK, PER
from tools.conform.architecture.case import (
    INFERRED,
    PAGE_ADDRESS,
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
from tools.conform.architecture.spaces import TableSpace

PATCH = "Schwidefsky v7 patch 6/6 (page-hinting reference"
SENTINEL = 0x3333_3333_3333_3333


def recreation() -> Iterator[Case]:
    common = {"source": f"{PATCH} 1.4, 2.3, 3.2)", "needs": (ZVM,), "pages": {"page2": "Vz"}}
    yield Case(
        name="recreated",
        rule="The handler makes the page stable and fills it, and the instruction is executed again.",
        basis=VERIFIED,
        registers={2: "page2", 3: SENTINEL},
        code="""
            bad: LG 3,0(2)
            BRC 15,done
            handler: ESSA 4,2,6          # fails: it is discarded
            ESSA 5,2,1
            LGHI 6,7
            STG 6,0(2)
            BRC 15,bad
            done: LGHI 12,1
        """,
        events=(
            program(Code.DISCARD_FAULT, ilc=6, at="bad", teid=("page2", PAGE_ADDRESS), going=Going.LABEL, to="handler"),
        ),
        end=FinalState(registers={3: 7, 4: state_byte("Vz"), 5: state_byte("Vz"), 12: 1}, pages={"page2": "Sr"}),
        **common,
    )
    yield Case(
        name="content-is-lost",
        rule="A discarded page that is made stable reads as zeros.",
        basis=VERIFIED,
        registers={2: "page2", 3: SENTINEL},
        code="ESSA 4,2,1\nLG 3,0(2)",
        end=FinalState(registers={3: 0, 4: 0x0F}, pages={"page2": "Sr"}),
        **common,
    )
    yield Case(
        name="key-stays-discarded",
        rule="The storage key of a discarded page can be set and is kept when the page is made again.",
        basis=INFERRED,
        registers={2: "page2", 3: 0x38},
        code="SSKE 3,2\nISKE 5,2\nESSA 4,2,1\nISKE 6,2",
        end=FinalState(registers={5: 0x38, 6: 0x38}, pages={"page2": "Sz"}, keys={"page2": 0x38}),
        **common,
    )
    yield Case(
        name="reset-reference-discarded",
        rule="RESET REFERENCE BIT EXTENDED looks at the key of a discarded page, and is no access to it.",
        basis=INFERRED,
        registers={2: "page2"},
        keys={"page2": 0x36},
        code="RRBE 0,2",
        end=FinalState(cc=3, pages={"page2": "Vz"}, keys={"page2": 0x32}),
        **common,
    )


def conditions() -> Iterator[Case]:
    virtual = 0x12_3000
    space = TableSpace().map(virtual, 0x41000)
    yield Case(
        name="discard-with-dat",
        rule="The failing address is the absolute address of the page, not the virtual one.",
        source=f"{PATCH} 3.1)",
        basis=VERIFIED,
        needs=(ZVM,),
        mask=ADDRESSING_MODE | DAT,
        controls={1: space.asce},
        storage=space.storage,
        registers={2: virtual + 8},
        pages={"page2": "Vz"},
        code="bad: LG 3,0(2)\nafter: LGHI 12,1",
        events=(program(Code.DISCARD_FAULT, ilc=6, at="bad", teid=("page2", PAGE_ADDRESS)),),
    )
    table = TableSpace()
    table.set(0, virtual, 0x41000)
    yield Case(
        name="discarded-page-table",
        rule="A DAT table in a discarded page is a discard fault of the instruction that needs it.",
        source="page-hinting reference 2.4",
        basis=INFERRED,
        needs=(ZVM,),
        mask=ADDRESSING_MODE | DAT,
        controls={1: table.asce},
        storage={place: value for place, value in table.storage.items() if place != 0x41000},
        registers={2: virtual},
        pages={"page2": "Vz"},
        code="bad: LG 3,0(2)\nafter: LGHI 12,1",
        events=(program(Code.DISCARD_FAULT, ilc=6, at="bad", teid=("page2", PAGE_ADDRESS)),),
        end=FinalState(pages={"page2": "Vz"}),
    )
    yield Case(
        name="unused-page-table",
        rule="A DAT table in an unused page is an addressing exception of the instruction that needs it.",
        source="page-hinting reference 2.4",
        basis=INFERRED,
        needs=(ZVM,),
        mask=ADDRESSING_MODE | DAT,
        controls={1: table.asce},
        storage={place: value for place, value in table.storage.items() if place != 0x41000},
        registers={2: virtual},
        pages={"page2": "Uz"},
        code="bad: LG 3,0(2)\nafter: LGHI 12,1",
        events=(program(Code.ADDRESSING, ilc=6, at="after"),),
    )
    yield Case(
        name="discard-with-prefixing",
        rule="The failing address is absolute: prefixing has been applied.",
        source=f"{PATCH} 3.1)",
        basis=INFERRED,
        needs=(ZVM,),
        registers={2: "page2"},
        pages={"page1": "Sr", "page2": "Sr", 0x1000: "Vz"},
        code="""
            LGHI 8,0
            LLILL 9,0x1000
            LLILF 10,page1
            LLILL 11,0x1000
            MVCL 10,8
            LARL 5,prefix
            SPX 0(5)
            bad: LG 3,0(2)
            after: BRC 15,done
            prefix: DC X'00040000'
            done: LGHI 12,1
        """,
        events=(program(Code.DISCARD_FAULT, ilc=6, at="bad", teid=(0x1000, PAGE_ADDRESS)),),
    )
    yield Case(
        name="discard-with-instruction-fetching-event",
        rule="The instruction-fetching event of an instruction that is nullified by a discard fault comes with it.",
        source="PoP 4, Indication of PER Events Concurrently with Other Interruption Conditions",
        basis=INFERRED,
        needs=(ZVM,),
        mask=ADDRESSING_MODE | PER,
        controls={9: 0x4000_0000, 10: 0x8000, 11: 0x8000},
        registers={2: "page2"},
        pages={"page2": "Vz"},
        code="bad: LG 3,0(2)\nafter: LGHI 12,1",
        events=(
            program(
                Code.DISCARD_FAULT | Code.PER_EVENT,
                ilc=6,
                at="bad",
                teid=("page2", PAGE_ADDRESS),
                per_code=0x40,
                per_address="bad",
            ),
        ),
    )


def with_external() -> Iterator[Case]:
    """An emergency signal of the CPU to itself is pending: register 5 has the CPU address, 0."""
    emergency, enabled = 0x1201, ADDRESSING_MODE | EXTERNAL_MASK
    common = {
        "source": f"{PATCH} 3.1); PoP 6, Priority of Interruptions",
        "basis": INFERRED,
        "needs": (ZVM,),
        "controls": {0: 0xE0 | 1 << 14},
        "registers": {2: "page2", 5: 0},
        "pages": {"page2": "Vz"},
    }
    fault = {"ilc": 6, "at": "bad", "teid": ("page2", PAGE_ADDRESS)}
    yield Case(
        name="external-before-discard",
        rule="An external interruption that is enabled comes before the next instruction, and so before its fault.",
        code="SIGP 4,5,3\nSTOSM 0x800,1\nbad: LG 3,0(2)\nafter: LGHI 12,1",
        events=(
            external(emergency, at="bad", mask=enabled, going=Going.OLD),
            program(Code.DISCARD_FAULT, mask=enabled, **fault),
        ),
        **common,
    )
    yield Case(
        name="discard-before-external",
        rule="While interruptions are disabled the fault comes, and the signal when its handler enables.",
        code="""
            SIGP 4,5,3
            bad: LG 3,0(2)
            BRC 15,done
            handler: STOSM 0x800,1
            behind: ESSA 4,2,1
            BRC 15,bad
            done: LGHI 12,1
        """,
        events=(
            program(Code.DISCARD_FAULT, going=Going.LABEL, to="handler", **fault),
            external(emergency, at="behind", mask=enabled, going=Going.OLD),
        ),
        end=FinalState(registers={4: state_byte("Vz")}, pages={"page2": "Sr"}),
        **common,
    )
    yield Case(
        name="nested",
        rule="A discard fault in the handler of another is delivered as any; each names its own page.",
        code="""
            bad: LG 3,0(2)
            BRC 15,done
            handler: LG 6,0(7)
            ESSA 4,2,1
            BRC 15,bad
            inner: ESSA 4,7,1
            BRC 15,handler
            done: LGHI 12,1
        """,
        events=(
            program(Code.DISCARD_FAULT, going=Going.LABEL, to="handler", **fault),
            program(
                Code.DISCARD_FAULT,
                ilc=6,
                at="handler",
                teid=("page3", PAGE_ADDRESS),
                going=Going.LABEL,
                to="inner",
            ),
        ),
        end=FinalState(registers={3: 0, 6: 0, 12: 1}, pages={"page2": "Sr", "page3": "Sr"}),
        **common | {"registers": {2: "page2", 5: 0, 7: "page3"}, "pages": {"page2": "Vz", "page3": "Vz"}},
    )
    for name, first, second in (("first", "page2", "page1"), ("second", "page1", "page2")):
        yield Case(
            name=f"both-operands-{name}",
            rule="Whichever operand is discarded, the fault names its page; retried with both it moves.",
            code="bad: MVC 0(8,8),0(9)\nBRC 15,done\nhandler: ESSA 4,2,1\nBRC 15,bad\ndone: LGHI 12,2",
            events=(program(Code.DISCARD_FAULT, going=Going.LABEL, to="handler", **fault),),
            end=FinalState(registers={12: 2}, pages={"page2": "Sr"}),
            **common
            | {
                "registers": {2: "page2", 5: 0, 8: first, 9: second},
                "pages": {"page1": "Sr", "page2": "Vz"},
            },
        )
    yield Case(
        name="no-storage-alteration-event",
        rule="A store that a discard fault nullifies is no storage-alteration event.",
        code="bad: STG 3,0(2)\nafter: LGHI 12,1",
        events=(program(Code.DISCARD_FAULT, **fault),),
        **common
        | {
            "mask": ADDRESSING_MODE | PER,
            "controls": {9: 0x2000_0000, 10: 0, 11: (1 << 64) - 1},
        },
    )


SECTION = CaseSection("Page hinting: the discard fault", (*recreation(), *conditions(), *with_external()))
