# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine-check interruption leaves of the registers in the save areas."""

from __future__ import annotations

from collections.abc import Iterator

from emu.facilities import Facility
from emu.psw import ADDRESSING_MODE
from tools.conform.architecture.case import (
    DEVICES,
    INFERRED,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    Masked,
    facility,
)
from tools.conform.architecture.channel_reports import (
    REPORT,
    REPORT_MASK,
    RESET_PATH,
    VALID,
    VECTORS,
    WAIT_FOR_IT,
    WAITING,
    WAITING_AT,
    checked,
    psw,
    reported,
)
from tools.conform.architecture.prefixed import prefix_word
from tools.conform.architecture.source import Value

ALL = (1 << 64) - 1
CR0, FLOATING, VECTOR = 0xE0, 1 << 18, 1 << 17
SAVING = "PoP 11, Machine-Check Handling; PoP 3, Assigned Storage Locations (architecture reference E3, F7)"
SAVE_AREAS = (*range(0x1200, 0x1300, 8), *range(0x1318, 0x1400, 8))

GENERAL: dict[int, Value] = {number: 0x1111_1111_1111_1111 * number for number in range(2, 15)}
FLOATING_REGISTERS = tuple(0x0123_4567_89AB_CD00 + number for number in range(16))
ACCESS_PAIRS = tuple(0xA000_0000_A000_0001 + (2 * number << 32 | 2 * number) for number in range(8))
CONTROLS = {0: CR0 | FLOATING, 3: 0x3030, 9: 0x99, 14: REPORT_MASK}
CLOCK_COMPARATOR = 0xFFFF_FF12_3456_7800
CONTROL_WORD = 0xF8FC_0070


def registers() -> Iterator[Case]:
    before = {**GENERAL, 0: 0x0ABC, 6: "page1"}
    yield Case(
        name="registers",
        rule="The interruption stores the general, control, floating-point and access registers, the prefix, the "
        "floating-point-control register, the TOD programmable register, and bits 0-55 of the clock comparator.",
        source=SAVING,
        basis=VERIFIED,
        needs=(DEVICES,),
        controls=CONTROLS,
        registers=before,
        storage={
            **WAITING,
            **{f"page1+{8 * number}": value for number, value in enumerate(FLOATING_REGISTERS)},
            "page1+128": CONTROL_WORD << 32,
            "page1+136": CLOCK_COMPARATOR,
            **{f"page1+{144 + 8 * number}": pair for number, pair in enumerate(ACCESS_PAIRS)},
        },
        fill=dict.fromkeys(SAVE_AREAS, ALL),
        code="".join(f"LD {number},{8 * number}(6)\n" for number in range(16))
        + f"SCKPF\nLFPC 128(6)\nSCKC 136(6)\nLAM 0,15,144(6)\n{RESET_PATH}{WAIT_FOR_IT}",
        events=(reported(),),
        end=FinalState(
            storage={
                **{0x1200 + 8 * number: value for number, value in enumerate(FLOATING_REGISTERS)},
                **{0x1280 + 8 * number: value for number, value in {**before, 1: 0, 5: "page15", 15: 0}.items()},
                0x1318: CONTROL_WORD,
                0x1320: (0x0ABC, 0xFFFF_FFFF),
                0x1330: CLOCK_COMPARATOR >> 8,
                **{0x1340 + 8 * number: pair for number, pair in enumerate(ACCESS_PAIRS)},
                **{0x1380 + 8 * number: CONTROLS.get(number, 0) for number in range(16)},
            }
        ),
    )
    yield Case(
        name="cpu-timer",
        rule="The CPU timer is stored as it runs down.",
        source=SAVING,
        basis=VERIFIED,
        needs=(DEVICES,),
        controls={14: REPORT_MASK},
        registers={6: "page1"},
        storage=WAITING,
        fill={"page1": 0x7FFF_FFFF_FFFF_F000, 0x1328: 0},
        code=f"""
            SPT 0(6)
            {RESET_PATH}{WAIT_FOR_IT}
            after: LLILL 5,0x1328
            LG 3,0(5)
            STPT 0(6)
            LG 4,0(6)
            LGHI 5,0
            CGR 3,4
            BRC 4,less
            LGHI 5,1
            less: LGHI 15,1
        """,
        events=(reported(to="after"),),
        end=FinalState(registers={3: (0x7FFF << 48, 0xFFFF << 48), 5: 1}),
    )
    yield Case(
        name="prefix",
        rule="The save areas are those of the prefix area of the CPU, and the prefix is stored there.",
        source=SAVING,
        basis=VERIFIED,
        needs=(DEVICES,),
        controls={14: REPORT_MASK},
        registers={12: 0x7777},
        storage={
            **WAITING,
            "page16": prefix_word(0x42000),
            "page3+0x1e0": psw(ADDRESSING_MODE, 0x9100),
        },
        fill={0x12E0: ALL, 0x1318: ALL, "page4+0x2e0": 0, "page4+0x318": 0},
        parts={0x9100: "LLILF 7,page14\nSPX 0(7)\nLLILF 5,page3\nLG 3,0xe8(5)\nLG 4,0x168(5)\nSVC 255"},
        code=f"LLILF 7,page16\nSPX 0(7)\n{RESET_PATH}{WAIT_FOR_IT}",
        end=FinalState(
            registers={3: checked(REPORT), 4: WAITING_AT},
            storage={
                0x12E0: ALL,
                0x1318: ALL,
                "page4+0x2e0": 0x7777,
                "page4+0x318": (0x42000 << 32, 0xFFFF_FFFF << 32),
            },
        ),
    )


def vectors() -> Iterator[Case]:
    held = {16 * number: (0x5500 + number) << 48 | number for number in range(32)}
    rule = "The vector registers are stored at the origin, a multiple of 1K, in the designation of the machine-check "
    rule += "extended save area, at real location 11B0 hex; they are not valid if that is zero, or no storage is there."
    for name, designation, origin, is_touched in (
        ("saved", "page5", 0, True),
        ("saved-behind-it", "page5+0x40a", 0x400, True),
        ("saved-untouched", "page5", 0, False),
        ("recorded", "page5", 0, True),
        ("none", 0, None, True),
        ("nowhere", "nowhere", None, True),
    ):
        is_inferred = name in ("recorded", "nowhere")
        stored: dict[Value, Masked] = {}
        if origin is not None:
            stored = {f"page5+{origin + offset}": value for offset, value in held.items()}
        yield Case(
            name=f"vectors-{name}",
            rule="What an interruption stores there is recorded in the storage key." if name == "recorded" else rule,
            source=SAVING,
            basis=INFERRED if is_inferred else VERIFIED,
            needs=(DEVICES, facility(Facility.VECTOR)),
            controls={0: CR0 | FLOATING | VECTOR, 14: REPORT_MASK},
            registers={6: "page1", 7: "page1+0x100", 8: designation},
            storage=WAITING | {f"page1+{offset}": value for offset, value in held.items()},
            fill=dict.fromkeys(stored, ALL) if is_touched else {},
            keys={"page5": 0},
            code=f"VLM 0,15,0(6)\nVLM 16,31,0(7)\nLLILL 9,0x11B0\nSTG 8,0(9)\n{RESET_PATH}{WAIT_FOR_IT}",
            events=(reported(REPORT | VALID | (VECTORS if stored else 0)),),
            end=FinalState(storage=stored, keys={"page5": 6} if name == "recorded" else {}),
        )


SECTION = CaseSection("Registers that a machine check saves", (*registers(), *vectors()))
