# SPDX-License-Identifier: GPL-2.0-or-later
"""Exceptions of vector instructions: vector-processing exceptions with their codes, specification, data."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, Going, facility, program

NEEDS = (facility(129),)
SENTINEL = 0x3333_3333_3333_3333
# Floating-point and vector registers permitted: bits 45 and 46 of control register 0.
CR0, BOTH, FLOATING = 0xE0, 0x6_0000, 0x4_0000
ONE, THREE, ZERO, INFINITY = 0x3FF0 << 48, 0x4008 << 48, 0, 0x7FF0 << 48
LARGEST, SMALLEST = 0x7FEF_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000
ADD, SUBTRACT, MULTIPLY, DIVIDE = "E3", "E2", "E7", "E5"
# Operation, operands, the bit of the IEEE masks and flags, and the cause in the vector-exception code.
CAUSES = {
    "invalid-operation": (SUBTRACT, INFINITY, INFINITY, 0x80, 1),
    "division-by-zero": (DIVIDE, ONE, ZERO, 0x40, 2),
    "overflow": (MULTIPLY, LARGEST, LARGEST, 0x20, 3),
    "underflow": (MULTIPLY, SMALLEST, SMALLEST, 0x10, 4),
    "inexact": (DIVIDE, ONE, THREE, 0x08, 5),
}
# SFPC 3; VL 1,0(2); VL 2,16(2); VL 3,32(2); the operation on doublewords of 2 and 3; VST 1,48(2); EFPC 4.
SETUP = "DC X'B3840030'\nDC X'E71020000006'\nDC X'E72020100006'\nDC X'E73020200006'\n"
STORE = "DC X'E7102030000E'\nDC X'B38C0040'\n"
SOURCE = "PoP 24, Vector Floating-Point Exceptions (architecture reference F1)"


def operation(code: str, elements: str = "30", single: int = 0) -> str:
    return f"bad: DC X'E71230{single:02X}{elements}{code}'\nafter: LGHI 15,1\n"


def processing() -> Iterator[Case]:
    for name, (code, first, second, bit, cause) in CAUSES.items():
        for place in (0, 1, "both"):
            operands = {
                "page1+16": ONE if place == 1 else first,
                "page1+24": ONE if place == 0 else first,
                "page1+32": ONE if place == 1 else second,
                "page1+40": ONE if place == 0 else second,
            }
            common = {
                "source": SOURCE,
                "basis": VERIFIED,
                "needs": NEEDS,
                "controls": {0: CR0 | BOTH},
                "fill": {"page1": SENTINEL, "page1+8": SENTINEL} | operands,
            }
            index = 1 if place == 1 else 0
            yield Case(
                name=f"{name}-{place}",
                rule="An IEEE exception whose mask is one is a vector-processing exception; the code has the index of "
                "the first element that has one, and its cause.",
                registers={2: "page1", 3: bit << 24},
                code=SETUP + operation(code),
                events=(program(Code.VECTOR_PROCESSING, ilc=6, at="after", data_exception_code=index << 4 | cause),),
                **common,
            )
            yield Case(
                name=f"{name}-{place}-masked",
                rule="With its mask zero it sets a flag, and the operation is completed.",
                registers={2: "page1", 3: 0},
                code=SETUP + operation(code) + STORE,
                end=FinalState(registers={4: (bit << 16, bit << 16), 15: 1}),
                **common,
            )
    yield Case(
        name="single-element",
        rule="With the single-element control only element 0 is looked at.",
        source=SOURCE,
        basis=VERIFIED,
        needs=NEEDS,
        controls={0: CR0 | BOTH},
        fill={"page1+16": ONE, "page1+24": ONE, "page1+32": ONE, "page1+40": ZERO},
        registers={2: "page1", 3: 0x40 << 24},
        code=SETUP + operation(DIVIDE, single=8) + STORE,
        end=FinalState(registers={4: (0, 0xFF << 16), 15: 1}, storage={"page1+48": ONE}),
    )
    yield Case(
        name="code-in-register",
        rule="The code is put in the floating-point-control register, too.",
        source="PoP 6, Vector-Exception Code",
        basis=VERIFIED,
        needs=NEEDS,
        controls={0: CR0 | BOTH},
        fill={"page1+16": ONE, "page1+24": ONE, "page1+32": ONE, "page1+40": ZERO},
        registers={2: "page1", 3: 0x40 << 24},
        code=f"{SETUP}bad: DC X'E712300030E5'\nafter: LGHI 15,1",
        parts={0x9000: "there: DC X'B38C0040'\nLGHI 15,2\nSVC 255"},
        events=(
            program(Code.VECTOR_PROCESSING, ilc=6, at="after", data_exception_code=0x12, going=Going.LABEL, to="there"),
        ),
        end=FinalState(registers={4: (0x1200, 0xFF00), 15: 2}),
    )


# Instructions with an element size, or another field, that is not assigned.
SPECIFICATIONS = {
    "add": "E712300050F3",
    "add-floating": "E712300000E3",
    "pack": "E71230000094",
    "replicate": "E71020004005",
    "load-element": "E71020004003",
    "multiply-odd": "E712300040A7",
    "unpack": "E712000030D7",
    "sum-doubleword": "E71230000065",
    "store-element": "E7102000400B",
}


def specifications() -> Iterator[Case]:
    for name, code in SPECIFICATIONS.items():
        yield Case(
            name=f"specification-{name}",
            rule="An element size or index that is not assigned is a specification exception.",
            source="PoP 21, Vector Support Instructions; PoP 22 to 24 (architecture reference G4)",
            basis=VERIFIED,
            needs=NEEDS,
            controls={0: CR0 | BOTH},
            registers={2: "page1"},
            code=f"bad: DC X'{code}'\nafter: LGHI 15,1",
            events=(program(Code.SPECIFICATION, ilc=6, at="after"),),
        )
        for control, number in (("none", 0), ("floating", FLOATING)):
            yield Case(
                name=f"data-{name}-{control}",
                rule="Without the vector-enablement control it is a data exception with code FE, before anything else.",
                source="PoP 6, Data-Exception Code, Priority of Program Interruptions (architecture reference F2)",
                basis=VERIFIED,
                needs=NEEDS,
                controls={0: CR0 | number},
                registers={2: "page1"},
                code=f"bad: DC X'{code}'\nafter: LGHI 15,1",
                events=(program(Code.DATA, ilc=6, at="after", data_exception_code=0xFE),),
            )


SECTION = CaseSection("Vector exceptions", (*processing(), *specifications()))
