# SPDX-License-Identifier: GPL-2.0-or-later
"""The classes of interruptions: masks, what is stored, and the order in which those that are pending are taken."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, IO_MASK
from tools.conform.architecture.case import (
    INFERRED,
    VERIFIED,
    Case,
    CaseSection,
    Class,
    ExpectedInterruption,
    FinalState,
    Going,
    external,
    program,
    supervisor_call,
)
from tools.conform.architecture.external_conditions import (
    CALL,
    COMPARATOR,
    EMERGENCY,
    ENABLE,
    ENABLED,
    MASKS,
    TIMER,
    pending,
)

NAMES = {EMERGENCY: "emergency", CALL: "call", COMPARATOR: "comparator", TIMER: "timer"}
CR0 = 0xE0
ORDER = (EMERGENCY, CALL, COMPARATOR, TIMER)


def supervisor_calls() -> Iterator[Case]:
    for number in (0, 1, 128, 254):
        yield Case(
            name=f"supervisor-call-{number}",
            rule="SUPERVISOR CALL stores its number, an ILC of 2 bytes, and the PSW that points behind it.",
            source="PoP 6, Supervisor-Call Interruption",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | 2 << 44 | 5 << 40,
            code=f"SVC {number}\nafter: LGHI 15,1",
            events=(supervisor_call(number, at="after", mask=(ADDRESSING_MODE | 2 << 44 | 5 << 40, (1 << 64) - 1)),),
        )


def externals() -> Iterator[Case]:
    for code in ORDER:
        cpu = {"cpu_address": 0}
        yield Case(
            name=f"external-{NAMES[code]}",
            rule="An external interruption that is pending is taken when PSW and CR0 permit it, behind the instruction "
            "that does; code and CPU address are stored.",
            source="PoP 6, External Interruption",
            basis=VERIFIED,
            controls={0: CR0 | MASKS[code]},
            code=f"{pending(code)}{ENABLE}\nafter: LGHI 15,1",
            events=(external(code, at="after", mask=ENABLED, **cpu),),
        )
        yield Case(
            name=f"external-{NAMES[code]}-subclass-mask",
            rule="It stays pending while its mask in CR0 is zero, and is taken when that becomes one.",
            source="PoP 6, External Interruption",
            basis=VERIFIED,
            # The others are pending after a reset: the comparator is zero, and the timer runs down from there.
            controls={0: CR0 | (MASKS[EMERGENCY] | MASKS[CALL]) & ~MASKS[code]},
            registers={6: "page1"},
            fill={"page1": CR0 | MASKS[code]},
            code=f"{pending(code)}{ENABLE}\nLGHI 7,1\nLCTLG 0,0,0(6)\nafter: LGHI 15,1",
            events=(external(code, at="after", mask=ENABLED),),
            end=FinalState(registers={7: 1, 15: 0}),
        )
        yield Case(
            name=f"external-{NAMES[code]}-psw-mask",
            rule="It is not taken while the external mask of the PSW is zero.",
            source="PoP 6, External Interruption",
            basis=VERIFIED,
            controls={0: CR0 | MASKS[code]},
            code=f"{pending(code)}LGHI 15,1",
            end=FinalState(registers={15: 1}),
        )
    for code in ORDER:
        yield Case(
            name=f"external-{NAMES[code]}-other-masks",
            rule="The masks of other classes do not let it through.",
            source="PoP 6, External Interruption; PoP 4, Program-Status Word",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | IO_MASK | 1 << 50,
            controls={0: CR0 | MASKS[code]},
            code=f"{pending(code)}LGHI 15,1",
            end=FinalState(registers={15: 1}),
        )
    for high, low in ((a, b) for i, a in enumerate(ORDER) for b in ORDER[i + 1 :]):
        yield Case(
            name=f"external-order-{NAMES[high]}-{NAMES[low]}",
            rule="Of several external conditions the one of higher priority is taken first: emergency signal, external "
            "call, clock comparator, CPU timer.",
            source="PoP 6, External Interruption; Linux arch/s390/kvm/interrupt.c (architecture reference F5)",
            basis=VERIFIED,
            controls={0: CR0 | MASKS[high] | MASKS[low]},
            code=f"{pending(low, high)}{ENABLE}\nafter: LGHI 15,1",
            events=(external(high, at="after", mask=ENABLED),),
        )
    for code in (EMERGENCY, CALL):
        for other in (COMPARATOR, TIMER):
            yield Case(
                name=f"external-then-{NAMES[code]}-{NAMES[other]}",
                rule="Only one external interruption is taken at a time; the next when the old PSW is loaded again.",
                source="PoP 6, External Interruption",
                basis=VERIFIED,
                controls={0: CR0 | MASKS[code] | MASKS[other]},
                code=f"{pending(other, code)}{ENABLE}\nafter: LGHI 15,1",
                events=(
                    external(code, at="after", mask=ENABLED, going=Going.OLD),
                    external(other, at="after", mask=ENABLED),
                ),
                end=FinalState(registers={15: 0}),
            )
    yield Case(
        name="external-emergency-once",
        rule="A signal that has been taken is no longer pending.",
        source="PoP 6, External Interruption",
        basis=VERIFIED,
        controls={0: CR0 | MASKS[EMERGENCY]},
        code=f"{pending(EMERGENCY, EMERGENCY)}{ENABLE}\nafter: LGHI 15,1",
        events=(external(EMERGENCY, at="after", mask=ENABLED, going=Going.OLD),),
        end=FinalState(registers={15: 1}),
    )
    yield Case(
        name="external-comparator-stays",
        rule="The clock comparator stays pending while it is less than the TOD clock.",
        source="PoP 4, Clock Comparator",
        basis=VERIFIED,
        controls={0: CR0 | MASKS[COMPARATOR]},
        code=f"{pending(COMPARATOR)}{ENABLE}\nafter: LGHI 15,1",
        events=(
            external(COMPARATOR, at="after", mask=ENABLED, going=Going.OLD),
            external(COMPARATOR, at="after", mask=ENABLED),
        ),
    )
    yield Case(
        name="external-comparator-vanishes",
        rule="Setting the clock comparator to a value that is not reached takes the condition away.",
        source="PoP 4, Clock Comparator",
        basis=VERIFIED,
        controls={0: CR0 | MASKS[COMPARATOR]},
        code=f"{pending(COMPARATOR)}LARL 5,ones\nSCKC 0(5)\n{ENABLE}\nafter: LGHI 15,1",
        end=FinalState(registers={15: 1}),
    )


def simultaneous() -> Iterator[Case]:
    both = {0: CR0 | MASKS[EMERGENCY]}
    for name, code, ilc, at in (
        ("operation", "bad: DC X'0000'\nafter: LGHI 15,1", 2, "bad"),
        ("supervisor-call", "bad: SVC 3\nafter: LGHI 15,1", 2, "bad"),
    ):
        yield Case(
            name=f"external-before-{name}",
            rule="An interruption that is enabled is taken before the next instruction begins.",
            source="PoP 6, Priority of Interruptions",
            basis=VERIFIED,
            controls=both,
            code=f"{pending(EMERGENCY)}{ENABLE}\n{code}",
            events=(
                external(EMERGENCY, at=at, mask=ENABLED, going=Going.OLD),
                program(Code.OPERATION, ilc=ilc, at="after", mask=ENABLED)
                if name == "operation"
                else supervisor_call(3, at="after", mask=ENABLED),
            ),
        )
    yield Case(
        name="program-before-external",
        rule="An early exception of the PSW that enables comes first; the external interruption's turn is when a PSW "
        "permits it again.",
        source="PoP 6, Priority of Interruptions",
        basis=VERIFIED,
        controls=both,
        registers={6: "page1"},
        storage={"page1": (ENABLED | 1 << 60).to_bytes(8, "big") + (0x9000).to_bytes(8, "big")},
        code=f"{pending(EMERGENCY)}LPSWE 0(6)\nagain: {ENABLE}\nafter: LGHI 15,1",
        events=(
            program(
                Code.SPECIFICATION,
                ilc=0,
                at=0x9000,
                mask=(ENABLED | 1 << 60, -1 & (1 << 64) - 1),
                going=Going.LABEL,
                to="again",
            ),
            external(EMERGENCY, at="after", mask=ENABLED),
        ),
    )
    yield Case(
        name="execute-is-not-interrupted",
        rule="No interruption is taken between an execute instruction and its target.",
        source="PoP 5, Program Execution",
        basis=VERIFIED,
        controls=both,
        code=f"{pending(EMERGENCY)}EXRL 0,target\nafter: BRC 15,done\ntarget: {ENABLE}\ndone: LGHI 15,1",
        events=(external(EMERGENCY, at="after", mask=ENABLED),),
    )


def waiting() -> Iterator[Case]:
    wait = ENABLED | 1 << 49
    yield Case(
        name="wait-ended-by-comparator",
        rule="A CPU that waits is woken by an external interruption, whose old PSW has the wait bit one.",
        source="PoP 4, Wait State; PoP 4, Clock Comparator",
        basis=VERIFIED,
        controls={0: CR0 | MASKS[COMPARATOR]},
        registers={6: "page1", 7: "page2"},
        storage={"page1": wait.to_bytes(8, "big") + (0x9000).to_bytes(8, "big")},
        # A hundred microseconds ahead.
        code="STCK 0(7)\nLG 8,0(7)\nAGFI 8,0x64000\nSTG 8,0(7)\nSCKC 0(7)\nLPSWE 0(6)",
        events=(external(COMPARATOR, at=0x9000, mask=wait),),
    )
    yield Case(
        name="wait-ended-by-timer",
        rule="The CPU timer runs down while the CPU waits.",
        source="PoP 4, Wait State; PoP 4, CPU Timer",
        basis=VERIFIED,
        controls={0: CR0 | MASKS[TIMER]},
        registers={6: "page1", 7: "page2"},
        storage={"page1": wait.to_bytes(8, "big") + (0x9000).to_bytes(8, "big")},
        fill={"page2": 0x64000},
        code="SPT 0(7)\nLPSWE 0(6)",
        events=(external(TIMER, at=0x9000, mask=wait),),
    )


def restart() -> Iterator[Case]:
    yield Case(
        name="restart",
        rule="Restart stores the old PSW at 120 hex and loads the new one from 1A0 hex.",
        source="PoP 6, Restart Interruption; PoP 4, Signal-Processor Orders",
        basis=INFERRED,
        registers={2: 0},
        code="SIGP 4,2,6\nafter: LGHI 15,1",
        events=(ExpectedInterruption(Class.RESTART, None, at="after", going=Going.OLD),),
        end=FinalState(registers={15: 1}),
    )


SECTION = CaseSection(
    "Interruptions",
    (*supervisor_calls(), *externals(), *simultaneous(), *waiting(), *restart()),
)
