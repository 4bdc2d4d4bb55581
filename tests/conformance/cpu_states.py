# SPDX-License-Identifier: GPL-2.0-or-later
"""What orders of SIGNAL PROCESSOR do with a CPU that operates, is interrupted, or stops."""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK
from tools.conform.architecture.case import (
    ANY_CONDITION_CODE,
    ONE_CPU,
    TWO_CPUS,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    Need,
    external,
)
from tools.conform.architecture.second_cpu import (
    FLAGS,
    HANDLER,
    IN_LOOP,
    LOOP,
    LOOPS,
    PREFIX,
    RESTART,
    SENSE_STOPPED,
    UNTIL_TOLD,
    YIELD,
    begin,
    looping,
)

SOURCE = "PoP 4, CPU Signaling and Response, Stopped State (architecture reference F6)"
SENTINEL = 0x3333_3333_3333_3333
HIGH = SENTINEL & ~0xFFFF_FFFF
STOPPED, INCORRECT_STATE = 0x40, 0x200
EMERGENCY_MASK = 1 << 14
ENABLED = ADDRESSING_MODE | EXTERNAL_MASK
STORAGE = looping(ENABLED, 0x1A0, 0x1B0)
# It may be stopped anywhere in its handler, which is a loop, too, whose place is aligned.
PARTS = {**LOOPS, HANDLER: f"{YIELD}\nBRC 15,{HANDLER}"}
AT_HANDLER = HANDLER, IN_LOOP[1]
FILL = {**FLAGS, "page2": 0xE0 | EMERGENCY_MASK}


def case(
    name: str, rule: str, code: str, *, needs: tuple[Need, ...] = (TWO_CPUS,), cpu: int = 1, **end: object
) -> Case:
    return Case(
        name=name,
        rule=rule,
        source=SOURCE,
        basis=VERIFIED,
        needs=needs,
        registers={2: cpu, 4: SENTINEL, 5: "page5"},
        storage=STORAGE,
        fill=FILL,
        parts=PARTS,
        code=code,
        end=FinalState(**end),  # type: ignore[arg-type]
    )


def orders() -> Iterator[Case]:
    kept = {4: SENTINEL}
    yield case(
        "start-operating", "A CPU that operates accepts start.", "SIGP 4,2,4", needs=(), cpu=0, cc=0, registers=kept
    )
    yield case("restart", "Restart is accepted.", begin(0) + "SIGP 4,2,6", cc=0, registers=kept)
    yield case(
        "address-high-bit",
        "All of bits 48-63 of R3 are the address.",
        "SIGP 4,2,1",
        cpu=0x8001,
        cc=3,
        registers=kept,
    )
    yield case(
        "next-address",
        "An address behind the last one is not operational.",
        "SIGP 4,2,1",
        needs=(ONE_CPU,),
        cc=3,
        registers=kept,
    )
    yield case(
        "set-prefix-end",
        "The last 8K of storage may be a prefix area.",
        "LLILF 5,0x1FE000\nSIGP 4,2,0x0D",
        cc=0,
        registers=kept,
    )
    yield case(
        "stop-and-store-operating",
        "A CPU that operates stops, and then stores its status.",
        f"{begin(0)}SIGP 4,2,9\n{SENSE_STOPPED}",
        registers={4: SENTINEL, 6: STOPPED},
        storage={0x1300: ENABLED, 0x1308: IN_LOOP, 0x1318: (PREFIX << 32, 0xFFFF_FFFF << 32)},
    )
    yield case(
        "stop-operating",
        "A CPU that operates stops.",
        f"{begin(0)}SIGP 4,2,5\n{SENSE_STOPPED}SIGP 4,2,0x0E",
        cc=0,
        registers={4: SENTINEL, 6: STOPPED},
        storage={"page5+0x100": ENABLED, "page5+0x108": IN_LOOP},
    )
    for name, order in (("stop", 5), ("stop-and-store", 9)):
        yield case(
            f"interrupted-before-{name}",
            "A CPU that is to stop first takes the interruptions that are pending and that it is enabled for.",
            f"{begin(0)}SIGP 4,2,3\nSIGP 4,2,{order}\n{SENSE_STOPPED}SIGP 4,2,0x0E",
            cc=0,
            registers={4: SENTINEL, 6: STOPPED},
            storage={
                "page5+0x100": ADDRESSING_MODE,
                "page5+0x108": AT_HANDLER,
                # Its old PSW, and the code with the address of the CPU that has sent the signal.
                "page3+0x130": ENABLED,
                "page3+0x138": IN_LOOP,
                "page3+0x80": (0x1201, 0xFFFF_FFFF),
            }
            | ({0x1308: AT_HANDLER} if order == 9 else {}),
        )
    yield Case(
        name="interruption-recorded",
        rule="What an interruption stores in the prefix area is recorded as a reference and a change.",
        source="PoP 3, Reference Recording, Change Recording",
        basis=VERIFIED,
        needs=(TWO_CPUS,),
        registers={2: 1},
        storage=STORAGE,
        fill=FILL,
        keys={"page3": 0},
        parts=PARTS,
        code=f"{begin(0)}SIGP 4,2,3\nSIGP 4,2,5\n{SENSE_STOPPED}",
        end=FinalState(registers={6: STOPPED}, keys={"page3": 6}),
    )
    yield case(
        "stopped-takes-none",
        "A CPU that is stopped takes no interruption; it does when it is started.",
        f"{begin(0)}SIGP 4,2,5\n{SENSE_STOPPED}SIGP 4,2,3\n{YIELD}\nSIGP 4,2,0x0E\nSIGP 4,2,4\n"
        "LLILF 9,page3\ntaking: DIAG 0,0,0x44\nLLGH 10,0x86(9)\nCGHI 10,0x1201\nBRC 7,taking",
        storage={"page5+0x100": ENABLED, "page5+0x108": IN_LOOP, "page3+0x138": IN_LOOP},
    )
    yield case(
        "stop-stopped-pending",
        "A stop of a CPU that is stopped is done at once, whatever is pending.",
        f"{begin(0)}SIGP 4,2,5\n{SENSE_STOPPED}SIGP 4,2,3\nSIGP 4,2,5\nIPM 7\nLGHI 6,0\nSIGP 6,2,1",
        cc=1,
        registers={4: SENTINEL, 6: STOPPED, 7: (0, 0x3000_0000)},
    )
    for name, order, code in (("call", 2, 0x1202), ("emergency", 3, 0x1201)):
        yield Case(
            name=f"{name}-from-other",
            rule="A signal tells which CPU has sent it.",
            source="PoP 6, External Interruption",
            basis=VERIFIED,
            needs=(TWO_CPUS,),
            mask=ADDRESSING_MODE,
            controls={0: 0xE0 | EMERGENCY_MASK | 1 << 13},
            registers={2: 1},
            fill={"page1": 0},
            parts=LOOPS,
            code=f"""
                {RESTART}
                {UNTIL_TOLD}
                STOSM 0x800,1
                after: BRC 15,{LOOP}
                other: LGHI 2,0
                SIGP 4,2,{order}
                LLILF 9,page1
                LGHI 11,7
                STG 11,0(9)
                end: {YIELD}
                BRC 15,end""",
            events=(external(code, at="after", mask=(ENABLED, ANY_CONDITION_CODE), cpu_address=1),),
        )
    for name, order in (("set-prefix", 0x0D), ("store-status", 0x0E), ("store-additional", 0x17)):
        yield case(
            f"{name}-operating",
            "Another CPU that operates is in the incorrect state.",
            f"{begin(0)}SIGP 4,2,{order}",
            cc=1,
            registers={4: HIGH | INCORRECT_STATE},
        )


SECTION = CaseSection("States of CPUs", tuple(orders()))
