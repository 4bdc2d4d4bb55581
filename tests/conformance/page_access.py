# SPDX-License-Identifier: GPL-2.0-or-later
"""Access of every kind to pages that are unused or discarded, and the discard fault (z/VM's page states)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import (
    INFERRED,
    PAGE_ADDRESS,
    VERIFIED,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    program,
)

PATCH = "Schwidefsky v7 patch 6/6 (page-hinting reference"


@dataclass(frozen=True)
class Access:
    """An instruction at the label bad that needs page2, whose address is in register 2; page1 and page3 are there."""

    name: str
    code: str
    ilc: int


ACCESSES = (
    Access("load", "bad: LG 3,0(2)", 6),
    Access("load-crossing", "bad: LG 3,0xFFC(4)", 6),
    Access("load-multiple-crossing", "bad: LMG 8,11,0xFF0(4)", 6),
    Access("insert-character", "bad: IC 3,0(2)", 4),
    Access("insert-under-mask", "bad: ICM 3,1,0(2)", 4),
    Access("load-access-register", "bad: LAM 1,1,0(2)", 4),
    Access("load-relative", "bad: LGRL 3,page2", 6),
    Access("test-under-mask", "bad: TM 0(2),1", 4),
    Access("compare", "bad: CLC 0(8,4),0(2)", 6),
    Access("compare-crossing", "bad: CLC 0xFFC(8,4),0(6)", 6),
    Access("convert-to-binary", "bad: CVB 3,0(2)", 4),
    Access("store", "bad: STG 3,0(2)", 6),
    Access("store-crossing", "bad: STG 3,0xFFC(4)", 6),
    Access("store-multiple-crossing", "bad: STMG 8,11,0xFF0(4)", 6),
    Access("store-character", "bad: STC 3,0(2)", 4),
    Access("store-access-register", "bad: STAM 1,1,0(2)", 4),
    Access("move-immediate", "bad: MVI 0(2),1", 4),
    Access("or-immediate", "bad: OI 0(2),1", 4),
    Access("move-to", "bad: MVC 0(8,2),0(4)", 6),
    Access("move-from", "bad: MVC 0(8,4),0(2)", 6),
    Access("move-crossing-to", "bad: MVC 0xFF0(32,4),0(6)", 6),
    Access("move-crossing-from", "bad: MVC 0(32,6),0xFF0(4)", 6),
    Access("exclusive-or", "bad: XC 0(8,2),0(2)", 6),
    Access("translate-table", "bad: TR 0(8,4),0(2)", 6),
    Access("pack-from", "bad: PACK 0(8,4),0(8,2)", 6),
    Access("compare-and-swap", "bad: CSG 8,9,0(2)", 6),
    Access("compare-double-and-swap", "bad: CDSG 8,10,0(2)", 6),
    Access("test-and-set", "bad: TS 0(2)", 4),
    Access("execute", "bad: EX 0,0(2)", 4),
    Access("execute-relative", "bad: EXRL 0,page2", 6),
    Access("executed", "LARL 1,target\nBRC 15,bad\ntarget: MVC 0(8,2),0(4)\nbad: EX 0,0(1)", 4),
    Access("move-page-to", "LGHI 0,0\nLGR 8,2\nbad: MVPG 8,4", 4),
    Access("move-page-from", "LGHI 0,0\nLGR 8,2\nbad: MVPG 4,8", 4),
    Access("load-real", "bad: LURA 3,2", 4),
    Access("load-real-64", "bad: LURAG 3,2", 4),
    Access("store-real", "bad: STURA 3,2", 4),
    Access("store-real-64", "bad: STURG 3,2", 4),
    Access("load-psw-extended", "bad: LPSWE 0(2)", 4),
    Access("load-psw", "bad: LPSW 0(2)", 4),
    Access("load-control", "bad: LCTLG 2,2,0(2)", 6),
    Access("store-control", "bad: STCTG 2,2,0(2)", 6),
    Access("set-system-mask", "bad: SSM 0(2)", 4),
    Access("store-then-and", "bad: STNSM 0(2),0xFF", 4),
    Access("store-then-or", "bad: STOSM 0(2),0", 4),
    Access("set-prefix", "bad: SPX 0(2)", 4),
    Access("store-prefix", "bad: STPX 0(2)", 4),
    Access("store-cpu-address", "bad: STAP 0(2)", 4),
    Access("store-clock", "bad: STCK 0(2)", 4),
    Access("store-clock-extended", "bad: STCKE 0(2)", 4),
    Access("set-clock-comparator", "bad: SCKC 0(2)", 4),
    Access("store-clock-comparator", "bad: STCKC 0(2)", 4),
    Access("set-cpu-timer", "bad: SPT 0(2)", 4),
    Access("store-cpu-timer", "bad: STPT 0(2)", 4),
    Access("store-facilities", "LGHI 0,1\nbad: STFLE 0(2)", 4),
    Access("store-cpu-id", "bad: STIDP 0(2)", 4),
)
SENTINEL = 0x3333_3333_3333_3333
REGISTERS = {2: "page2", 3: SENTINEL, 4: "page1", 6: "page3", 8: 0x1111, 9: 0x2222, 10: 0x4444, 11: 0x5555}


def accesses() -> Iterator[Case]:
    for state in ("Vz", "Uz", "Ur"):
        for access in ACCESSES:
            discarded = state == "Vz"
            changed = {8: "page2", 0: 0} if access.name.startswith("move-page") else {}
            yield Case(
                name=f"{state}-{access.name}",
                rule="An access to a discarded page is a discard fault: it nullifies, and stores the absolute address."
                if discarded
                else "An access to an unused page is an addressing exception, which suppresses.",
                source=f"{PATCH} 2.4, 3.1)",
                basis=VERIFIED if state == "Uz" else INFERRED,
                needs=(ZVM,),
                registers=REGISTERS,
                fill={"page1+0xff8": 0x7777, "page3": 0x8888},
                pages={"page2": state},
                code=f"{access.code}\nafter: LGHI 12,1",
                events=(
                    program(Code.DISCARD_FAULT, ilc=access.ilc, at="bad", teid=("page2", PAGE_ADDRESS))
                    if discarded
                    else program(Code.ADDRESSING, ilc=access.ilc, at="after"),
                ),
                end=FinalState(
                    registers={n: value for n, value in (REGISTERS | changed).items() if n > 1} | {12: 0},
                    storage={"page1+0xff8": 0x7777, "page3": 0x8888},
                    pages={"page2": state},
                ),
            )


def interruptible() -> Iterator[Case]:
    """MOVE LONG and COMPARE LOGICAL LONG: the units of operation before the fault have been performed."""
    for state, code in (("Vz", Code.DISCARD_FAULT), ("Uz", Code.ADDRESSING)):
        at = "bad" if state == "Vz" else "after"
        for name, instruction in (("move-long", "MVCL"), ("compare-logical-long", "CLCL")):
            yield Case(
                name=f"{state}-{name}",
                rule="An operand of an interruptible instruction that begins in such a page: no unit is performed.",
                source=f"{PATCH} 2.4, 3.1)",
                basis=INFERRED,
                needs=(ZVM,),
                registers={8: "page2", 9: 16, 10: "page1", 11: 16},
                pages={"page1": "Sr", "page2": state},
                code=f"bad: {instruction} 8,10\nafter: LGHI 12,1",
                events=(program(code, ilc=2, at=at),),
                end=FinalState(registers={8: "page2", 9: 16, 10: "page1", 11: 16}, pages={"page2": state}),
            )
    yield Case(
        name="Vz-instruction-fetch",
        rule="An instruction in a discarded page is a discard fault whose old PSW points at it.",
        source=f"{PATCH} 2.4, 3.1)",
        basis=INFERRED,
        needs=(ZVM,),
        registers={2: "page2"},
        pages={"page2": "Vz"},
        code="BCR 15,2",
        events=(program(Code.DISCARD_FAULT, ilc=None, at="page2", teid=("page2", PAGE_ADDRESS)),),
        end=FinalState(pages={"page2": "Vz"}),
    )
    for state in ("Uz", "Ur"):
        yield Case(
            name=f"{state}-instruction-fetch",
            rule="An instruction in an unused page is an addressing exception.",
            source=f"{PATCH} 2.4)",
            basis=INFERRED,
            needs=(ZVM,),
            registers={2: "page2"},
            pages={"page2": state},
            code="BCR 15,2",
            events=(program(Code.ADDRESSING, ilc=None),),
            end=FinalState(pages={"page2": state}),
        )
    yield Case(
        name="Vz-second-halfword",
        rule="An instruction that goes on in a discarded page is a discard fault at its first halfword.",
        source=f"{PATCH} 2.4, 3.1)",
        basis=INFERRED,
        needs=(ZVM,),
        registers={2: "page1+0xffe"},
        fill={"page1+0xff8": 0x0000_0000_0000_E330},
        pages={"page2": "Vz"},
        code="BCR 15,2",
        events=(program(Code.DISCARD_FAULT, ilc=None, at="page1+0xffe", teid=("page2", PAGE_ADDRESS)),),
    )


def valid_states() -> Iterator[Case]:
    for state, after in (("Sr", "Sr"), ("Vr", "Vr"), ("Pr", "Pr"), ("Sz", "Sr")):
        for name, code, key in (("load", "LG 3,0(2)", 0x04), ("store", "STG 5,0(2)", 0x06)):
            yield Case(
                name=f"{state}-{name}",
                rule="A page that is resident, or stable and zero, is accessed as any other, and has its reference and "
                "change recorded; a zero page becomes resident.",
                source=f"{PATCH} 2.3, 2.4)",
                basis=VERIFIED,
                needs=(ZVM,),
                registers={2: "page2", 3: SENTINEL},
                pages={"page2": state},
                keys={"page2": 0x00},
                code=code,
                end=FinalState(
                    registers={3: 0 if name == "load" else SENTINEL},
                    keys={"page2": key},
                    pages={"page2": after},
                ),
            )


SECTION = CaseSection("Page hinting: access to pages", (*accesses(), *interruptible(), *valid_states()))
