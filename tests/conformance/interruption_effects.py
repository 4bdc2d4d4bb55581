# SPDX-License-Identifier: GPL-2.0-or-later
"""What an interruption leaves behind beside the old PSW: keys, fields, registers, and pages that it has not touched."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK, IO_MASK, PER
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
from tools.conform.architecture.prefixed import WITHOUT_PREFIX, prefix_word, with_prefix
from tools.conform.architecture.spaces import REAL_SPACE, TableSpace

SENTINEL = 0x3333_3333_3333_3333
CR0, AFP, EMERGENCY_MASK = 0xE0, 0x4_0000, 1 << 14
EFPC, SFPC = "DC X'B38C0040'", "DC X'B3840030'"
PREFIXED = {"page16": prefix_word(0x8_0000)}
WITH_PREFIX = with_prefix("0x80000")


def recorded() -> Iterator[Case]:
    yield Case(
        name="restart-recorded",
        rule="The old PSW that a restart stores is recorded as a reference and a change.",
        source="PoP 3, Reference Recording, Change Recording; PoP 6, Restart Interruption",
        basis=VERIFIED,
        registers={2: 0},
        code="LARL 8,there\nSTG 8,0x1A8\nLGHI 4,0\nSSKE 4,4\nSIGP 6,2,6\nthere: ISKE 9,4\nLGHI 15,1",
        end=FinalState(registers={9: 6}),
    )
    for state in ("Sz", "Vz"):
        yield Case(
            name=f"others-stay-{state}",
            rule="An interruption touches its prefix area, and no other page.",
            source="PoP 6, Interruption Action (page-hinting reference 2.4)",
            basis=VERIFIED,
            needs=(ZVM,),
            storage=PREFIXED,
            pages={"page1": state},
            # The new PSW of program interruptions leads to the label.
            code=f"{WITH_PREFIX}LARL 8,there\nSTG 8,0x1D8\nDC X'0000'\nthere: {WITHOUT_PREFIX}LGHI 15,1",
            end=FinalState(registers={15: 1}, pages={"page1": state}),
        )


def fields() -> Iterator[Case]:
    space = TableSpace().map(0x40_0000, 0x40000, 0x400)
    yield Case(
        name="exception-access",
        rule="The exception access identification of a translation exception that no access register has part in is "
        "zero.",
        source="PoP 3, Assigned Storage Locations",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | DAT,
        controls={1: space.asce},
        storage=space.storage,
        registers={2: 0x40_0000},
        code="bad: LG 3,0(2)",
        events=(program(Code.PAGE_TRANSLATION, ilc=6, at="bad", exception_access=0),),
    )
    yield Case(
        name="exception-access-alone",
        rule="The PER access identification, the byte behind it, is stored with PER events only.",
        source="PoP 3, Assigned Storage Locations",
        basis=INFERRED,
        mask=ADDRESSING_MODE | DAT,
        controls={1: space.asce},
        storage=space.map(0, 0).storage,
        registers={2: 0x40_0000},
        code="MVI 0xA1,0x5A\nbad: LG 3,0(2)",
        events=(program(Code.PAGE_TRANSLATION, ilc=6, at="bad", exception_access=0, per_access=0x5A),),
    )
    yield Case(
        name="per-access-alone",
        rule="The operand access identification, the byte behind the PER access, is not stored with PER events.",
        source="PoP 3, Assigned Storage Locations",
        basis=INFERRED,
        mask=ADDRESSING_MODE | PER,
        controls={9: 1 << 30, 10: 0x8004, 11: 0x8004},
        code="MVI 0xA2,0x5A\nhere: LGHI 14,1\nafter: LGHI 15,1",
        events=(program(Code.PER_EVENT, ilc=4, at="after", per_code=0x40, per_access=0, operand_access=0x5A),),
    )
    spaces = TableSpace().map(0x40_0000, 0x40000, 0x400).map(0x44000, 0x44000)
    for name, code in (("first", "MVPG 2,5"), ("second", "MVPG 5,2")):
        yield Case(
            name=f"operand-access-{name}",
            rule="A page-translation exception of MOVE PAGE stores its register numbers.",
            source="PoP 3, Assigned Storage Locations; PoP 10, Move Page",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={1: spaces.asce},
            storage=spaces.storage,
            registers={0: 0, 2: 0x40_0000, 5: 0x44000},
            code=f"bad: {code}",
            events=(program(Code.PAGE_TRANSLATION, ilc=4, at="bad", operand_access=0x25 if name == "first" else 0x52),),
        )
    common = {
        "source": "PoP 6, Data-Exception Code; PoP 9, Floating-Point-Control Register",
        "basis": VERIFIED,
        "registers": {3: 0x0000_0001, 2: "page1"},
        "fill": {"page1": 0xABCD, "page1+8": CR0 | AFP},
    }
    yield Case(
        name="data-exception-rounding",
        rule="The data-exception code is put in its field of the floating-point-control register; all else stays.",
        controls={0: CR0 | AFP},
        code=f"{SFPC}\nbad: CVB 5,0(2)\nafter: LGHI 15,1",
        parts={0x9000: f"there: {EFPC}\nLGHI 15,2\nSVC 255"},
        events=(program(Code.DATA, ilc=4, at="after", data_exception_code=0, going=Going.LABEL, to="there"),),
        end=FinalState(registers={4: 0x0000_0001}),
        **common,
    )
    yield Case(
        name="data-exception-without-register",
        rule="With the AFP-register control zero the code is stored, and not put in the register.",
        code="bad: LD 1,0(2)\nafter: LGHI 15,1",
        parts={0x9000: f"there: LCTLG 0,0,8(2)\n{EFPC}\nLGHI 15,2\nSVC 255"},
        events=(program(Code.DATA, ilc=4, at="after", data_exception_code=1, going=Going.LABEL, to="there"),),
        end=FinalState(registers={4: 0}),
        **common,
    )


def masks() -> Iterator[Case]:
    yield Case(
        name="input-output-mask",
        rule="The I/O mask enables no external interruption.",
        source="PoP 6, External Interruption; PoP 4, Program-Status Word",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | IO_MASK,
        controls={0: CR0 | EMERGENCY_MASK},
        registers={2: 0},
        code="SIGP 4,2,3\nBCR 0,0\nLGHI 15,1",
        end=FinalState(registers={15: 1}),
    )

    # What makes it pending, its code, and its subclass-mask bit in control register 0.
    for name, code, number, subclass in (
        ("external-call", "SIGP 4,2,2", 0x1202, 50),
        ("clock-comparator", "SCKC 8(6)", 0x1004, 52),
        ("cpu-timer", "SPT 16(6)", 0x1005, 53),
    ):
        yield Case(
            name=f"enabled-by-control-register-{name}",
            rule="A pending external interruption is taken as soon as its subclass mask is one.",
            source="PoP 6, External Interruption; PoP 4, Control Registers",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | EXTERNAL_MASK,
            controls={0: CR0},
            registers={2: 0, 6: "page1"},
            fill={"page1": CR0 | 1 << 63 - subclass, "page1+8": 0, "page1+16": 0xFFFF << 48},
            code=f"{code}\nLGHI 5,1\nLGHI 5,2\nLCTLG 0,0,0(6)\nnext: LGHI 15,1",
            events=(external(number, at="next"),),
            end=FinalState(registers={5: 2, 15: 0}),
        )


def operands() -> Iterator[Case]:
    common = {
        "source": "Schwidefsky v7 patch 6/6 (page-hinting reference 2.4, 3.1); PoP 5, Nullification",
        "basis": VERIFIED,
        "needs": (ZVM,),
        "fill": {"page1+0xff8": SENTINEL},
        "pages": {"page2": "Vz"},
        "keys": {"page2": 0},
        "registers": {2: "page1+0xffc"},
    }
    for name, code in (("store", "STCTL 2,3,0(2)"), ("load", "LCTL 2,3,0(2)")):
        yield Case(
            name=f"discarded-second-part-{name}",
            rule="A discard fault of the second part of an operand nullifies: nothing is stored, loaded or recorded.",
            code=f"bad: {code}",
            events=(program(Code.DISCARD_FAULT, ilc=4, at="bad", teid=("page2", PAGE_ADDRESS)),),
            end=FinalState(
                storage={"page1+0xff8": SENTINEL}, keys={"page2": 0}, pages={"page2": "Vz"}, controls={2: 0, 3: 0}
            ),
            **common,
        )


def real_spaces() -> Iterator[Case]:
    common = {
        "source": "PoP 3, Dynamic Address Translation, Real-Space Designation; Prefixing",
        "basis": VERIFIED,
        "controls": {1: REAL_SPACE},
        "registers": {2: "page1", 3: SENTINEL},
    }
    yield Case(
        name="real-space-store",
        rule="Nothing protects an address of a real space but its key.",
        mask=ADDRESSING_MODE | DAT,
        code="STG 3,0(2)",
        end=FinalState(storage={"page1": SENTINEL}),
        **common,
    )
    yield Case(
        name="real-space-prefixed",
        rule="An address of a real space is a real address: prefixing is applied.",
        storage=PREFIXED,
        fill={"page1": 0},
        code=f"{WITH_PREFIX}LLILF 6,0x80000\nLLILF 3,0x33333333\nSTG 3,0xE00\nSTOSM 0xE10,0x04\nLG 5,0xE00\n"
        f"STNSM 0xE10,0xF8\n{WITHOUT_PREFIX}LG 9,0xE00(6)",
        end=FinalState(registers={5: 0x3333_3333, 9: 0x3333_3333}),
        **common,
    )
    yield Case(
        name="prefix-area-odd",
        rule="At the real addresses of the prefix area are the first 8K of absolute storage, each byte in its place.",
        source="PoP 3, Prefixing",
        basis=VERIFIED,
        storage=PREFIXED | {0x400: 0x1122_3344_5566_7788},
        code=f"{WITH_PREFIX}LLILF 6,0x80000\nMVI 0x401,0x99\nSTNSM 0x403(6),0xFF\n"
        f"LLGC 5,0x401(6)\n{WITHOUT_PREFIX}LLGC 9,0x403",
        end=FinalState(registers={5: 0x22, 9: 0}),
    )


SECTION = CaseSection("Effects of interruptions", (*recorded(), *fields(), *masks(), *operands(), *real_spaces()))
