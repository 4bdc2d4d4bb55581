# SPDX-License-Identifier: GPL-2.0-or-later
"""Operands of vector instructions at the end of a page behind which there is none: what of them is accessed."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import PAGE_ADDRESS, Case, CaseSection, FinalState
from tools.conform.architecture.exception_row import ExceptionRow
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value
from tools.conform.architecture.spaces import TableLevel, TableSpace
from tools.conform.architecture.vector_row import PERMITTED, VECTOR

SOURCE = "PoP 21, Vector Support Instructions; PoP 6, Access Exceptions"
VIRTUAL = 0x50_0000
END = VIRTUAL + 0x1000
SPACE = TableSpace(TableLevel.SEGMENT).map(VIRTUAL, 0x40000)
CONTROLS = PERMITTED | {1: SPACE.asce}
PAGE_AND_SPACE = PAGE_ADDRESS | 3
HELD: dict[Value, int] = {
    "page1": 0x0102_0304_0506_0708,
    "page1+8": 0x090A_0B0C_0D0E_0F10,
    "page1+4064": 0x1112_1314_1516_1718,
    "page1+4072": 0x2122_2324_2526_2728,
    "page1+4080": 0x3132_3334_3536_3738,
    "page1+4088": 0x4142_4344_4546_4748,
}
# Register 2 has an address 64 bytes before the end of the page.
REGISTERS: dict[int, Value] = {1: VIRTUAL, 2: END - 64, 5: 7}
LOADED = "VL 3,0(0,1)\nVL 4,0(0,1)\nVL 5,0(0,1)\n"
# An operand that is in both pages, or whose last register or element is; and nothing is stored.
REFUSED = {
    "vl": "VL 3,49(0,2)",
    "vst": "VST 3,63(0,2)",
    "vlm": "VLM 3,4,48(2)",
    "vstm": "VSTM 3,4,48(2)",
    "vll": "VLL 3,5,57(2)",
    "vstl": "VSTL 3,5,57(2)",
    "vlbb": "VLBB 3,64(0,2),6",
    "vlrep": "VLREP 3,57(0,2),3",
    "vllez": "VLLEZ 3,63(0,2),1",
    "vleb": "VLEB 3,64(0,2),5",
    "vleh": "VLEH 3,63(0,2),5",
    "vlef": "VLEF 3,61(0,2),1",
    "vleg": "VLEG 3,57(0,2),1",
    "vsteb": "VSTEB 3,64(0,2),5",
    "vsteh": "VSTEH 3,63(0,2),5",
    "vstef": "VSTEF 3,61(0,2),1",
    "vsteg": "VSTEG 3,57(0,2),1",
    "vgef": "VGEF 3,64(6,2),1",
    "vgeg": "VGEG 3,64(6,2),1",
    "vscef": "VSCEF 3,64(6,2),1",
    "vsceg": "VSCEG 3,64(6,2),1",
}


def refused() -> Iterator[Case]:
    for name, text in REFUSED.items():
        yield ExceptionRow(
            f"{name}-refused",
            "If any byte of the operand is in a page that is not there it is a page-translation exception, which "
            "nullifies: nothing is stored.",
            SOURCE,
            f"{LOADED}VGBM 6,0\nbad: {text}\nafter: LGHI 15,1",
            Code.PAGE_TRANSLATION,
            6,
            at="bad",
            registers=REGISTERS,
            storage={**SPACE.storage, **HELD},
            controls=CONTROLS,
            mask=ADDRESSING_MODE | DAT,
            fields={"teid": (END, PAGE_AND_SPACE)},
            end=FinalState(storage=HELD),
            needs=(VECTOR,),
        ).case()


# What ends with the page, what is stored behind it, and the doublewords that change.
COMPLETED: dict[str, tuple[str, dict[Value, int]]] = {
    "vl": ("VL 3,48(0,2)", {"page1+256": 0x3132_3334_3536_3738, "page1+264": 0x4142_4344_4546_4748}),
    "vll": ("VLL 3,5,56(2)", {"page1+256": 0x4142_4344_4546_4748, "page1+264": 0}),
    "vleb": ("VLEB 3,63(0,2),0", {"page1+256": 0x4802_0304_0506_0708, "page1+264": 0x090A_0B0C_0D0E_0F10}),
    "vleg": ("VLEG 3,56(0,2),1", {"page1+256": 0x0102_0304_0506_0708, "page1+264": 0x4142_4344_4546_4748}),
    "vllez": ("VLLEZ 3,62(0,2),1", {"page1+256": 0x4748, "page1+264": 0}),
    "vlrep": ("VLREP 3,60(0,2),2", dict.fromkeys(("page1+256", "page1+264"), 0x4546_4748_4546_4748)),
    "vst": (
        "VST 4,48(0,2)",
        {
            "page1+4080": 0x0102_0304_0506_0708,
            "page1+4088": 0x090A_0B0C_0D0E_0F10,
            "page1+256": 0x0102_0304_0506_0708,
            "page1+264": 0x090A_0B0C_0D0E_0F10,
        },
    ),
    "vstl": (
        "VSTL 4,5,56(2)",
        {
            "page1+4088": 0x0102_0304_0506_0708,
            "page1+256": 0x0102_0304_0506_0708,
            "page1+264": 0x090A_0B0C_0D0E_0F10,
        },
    ),
    "vsteb": (
        "VSTEB 4,63(0,2),2",
        {
            "page1+4088": 0x4142_4344_4546_4703,
            "page1+256": 0x0102_0304_0506_0708,
            "page1+264": 0x090A_0B0C_0D0E_0F10,
        },
    ),
}


def completed() -> Iterator[Case]:
    for name, (text, stored) in COMPLETED.items():
        yield InstructionRow(
            f"{name}-completed",
            f"{LOADED}{text}\nVST 3,256(0,1)",
            REGISTERS,
            {},
            None,
            {**SPACE.storage, **HELD},
            dict(stored),
            (VECTOR,),
            CONTROLS,
            ADDRESSING_MODE | DAT,
        ).case("What ends with the page is accessed, and nothing of the next one.", SOURCE)
    # The rest is unpredictable.
    yield InstructionRow(
        "vlbb-completed",
        f"{LOADED}VLBB 3,61(0,2),6\nVST 3,256(0,1)",
        REGISTERS,
        {},
        None,
        {**SPACE.storage, **HELD},
        {"page1+256": (0x4647_4800_0000_0000, 0xFFFF_FF00_0000_0000)},
        (VECTOR,),
        CONTROLS,
        ADDRESSING_MODE | DAT,
    ).case("Bytes are loaded up to the boundary, and nothing of the next page is accessed.", SOURCE)


SECTION = CaseSection("Storage operands of vector instructions", (*refused(), *completed()))
