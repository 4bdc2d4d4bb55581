# SPDX-License-Identifier: GPL-2.0-or-later
"""TOD clock, clock comparator and CPU timer."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility, program

ALL = (1 << 64) - 1


def registers() -> Iterator[Case]:
    yield Case(
        name="clock-comparator",
        rule="STORE CLOCK COMPARATOR stores what SET CLOCK COMPARATOR has set.",
        source="PoP 10, Set Clock Comparator, Store Clock Comparator",
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": 0xFEDC_BA98_7654_3000},
        code="SCKC 0(2)\nSTCKC 8(2)",
        end=FinalState(storage={"page1+8": (0xFEDC_BA98_7654_3000, ALL & ~0xFFF)}),
    )
    yield Case(
        name="cpu-timer-runs-down",
        rule="The CPU timer runs down: what is stored is not more than what was set, and the later the less.",
        source="PoP 4, CPU Timer",
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": 0x7FFF_FFFF_FFFF_F000},
        code="""
            SPT 0(2)
            STPT 8(2)
            STPT 16(2)
            LG 3,0(2)
            LG 4,8(2)
            LG 5,16(2)
            LGHI 6,0
            CGR 4,3
            BRC 2,wrong
            CGR 5,4
            BRC 2,wrong
            LGHI 6,1
            wrong: LGHI 15,1
        """,
        end=FinalState(registers={6: 1}),
    )


CLOCKS = (
    ("store-clock", "STCK", 8, ()),
    ("store-clock-extended", "STCKE", 16, ()),
    ("store-clock-fast", "STCKF", 8, (facility(25),)),
)


def clock() -> Iterator[Case]:
    for name, mnemonic, length, needs in CLOCKS:
        yield Case(
            name=name,
            rule="The clock runs: a later value is not less, and with STORE CLOCK and STORE CLOCK EXTENDED more; cc 0.",
            source="PoP 4, Time-of-Day Clock; PoP 7, Store Clock",
            basis=VERIFIED,
            needs=needs,
            registers={2: "page1"},
            fill={"page1": 0, "page1+0x20": 0},
            code=f"""
                {mnemonic} 0(2)
                {mnemonic} 0x20(2)
                IPM 9
                LG 3,{length - 8}(2)
                LG 4,{0x20 + length - 8}(2)
                LG 5,0(2)
                LG 6,0x20(2)
                LGHI 7,0
                CLGR 6,5
                BRC 4,wrong
                BRC 2,right
                CLGR 4,3
                BRC {12 if mnemonic != "STCKF" else 4},wrong
                right: LGHI 7,1
                wrong: LGHI 15,1
            """,
            end=FinalState(registers={7: 1, 9: (0, 0x3000_0000)}),
        )
    yield Case(
        name="store-clock-extended-epoch",
        rule="The first byte of STORE CLOCK EXTENDED is the epoch index, zero in the first epoch.",
        source="PoP 7, Store Clock Extended",
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": ALL},
        code="STCKE 0(2)",
        end=FinalState(storage={"page1": (0, 0xFF << 56)}),
    )
    yield Case(
        name="store-clock-extended-nonzero",
        rule="While the clock runs, bits 72-111 of STORE CLOCK EXTENDED are not zero.",
        source="PoP 7, Store Clock Extended",
        basis=VERIFIED,
        registers={2: "page1", 7: 0},
        fill={"page1": 0, "page1+8": 0},
        code="STCKE 0(2)\nLG 5,8(2)\nSLLG 5,5,8\nSRLG 5,5,24\nLTGR 5,5\nBRC 8,zero\nLGHI 7,1\nzero: LGR 5,7",
        end=FinalState(registers={7: 1}),
    )
    yield Case(
        name="programmable-field",
        rule="The last two bytes of STORE CLOCK EXTENDED are the TOD programmable register, set by SET CLOCK "
        "PROGRAMMABLE FIELD from bits 48-63 of register 0.",
        source="PoP 10, Set Clock Programmable Field",
        basis=VERIFIED,
        registers={0: 0xABCD, 2: "page1"},
        fill={"page1": 0, "page1+8": 0},
        code="SCKPF\nSTCKE 0(2)",
        end=FinalState(storage={"page1+8": (0xABCD, 0xFFFF)}),
    )
    yield Case(
        name="programmable-field-reserved",
        rule="Bits 32-47 of register 0 must be zero.",
        source="PoP 10, Set Clock Programmable Field",
        basis=VERIFIED,
        registers={0: 0x1_0000},
        code="SCKPF\nafter: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=2, at="after"),),
    )


def steering() -> Iterator[Case]:
    common = {
        "source": "PoP 7, Perform Timing Facility Function",
        "basis": VERIFIED,
        "needs": (facility(28),),
    }
    yield Case(
        name="timing-facility-query",
        rule="Function 0 stores which functions there are, itself among them; cc 0.",
        registers={0: 0, 1: "page1"},
        fill={"page1": 0},
        code="PTFF",
        end=FinalState(cc=0, storage={"page1": (1 << 63, 1 << 63)}),
        **common,
    )
    yield Case(
        name="timing-facility-reserved",
        rule="Bit 56 of register 0 must be zero.",
        registers={0: 0x80, 1: "page1"},
        code="PTFF\nafter: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=2, at="after"),),
        **common,
    )


SECTION = CaseSection("Timers", (*registers(), *clock(), *steering()))
