# SPDX-License-Identifier: GPL-2.0-or-later
"""The operator's interrupt key: an external interruption that no instruction makes."""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK, PROBLEM_STATE, WAIT
from tools.conform.architecture.case import (
    ANY_CONDITION_CODE,
    INFERRED,
    OUTSIDE,
    TWO_CPUS,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    Going,
    InterruptKey,
    MachineCheck,
    external,
    machine_check,
)
from tools.conform.architecture.channel_reports import checked, psw
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
from tools.conform.architecture.second_cpu import (
    FLAGS,
    IN_LOOP,
    LOOP,
    LOOPS,
    RESTART,
    UNTIL_HANDLED,
    YIELD,
    begin,
    looping,
)

ALL = (1 << 64) - 1
PRESSING = "PoP 6, Interrupt Key"
ORDER = "PoP 6, External Interruption (architecture reference F5)"
KEY, KEY_MASK = 0x0040, 1 << 6
ALERT, ALERT_MASK, SYSTEM_DAMAGE = 0x1200, 1 << 15, 1 << 63
OTHERS = 0xFFFF & ~KEY_MASK & ~(MASKS[COMPARATOR] | MASKS[TIMER])
NAMES = {
    EMERGENCY: "emergency-signal",
    CALL: "external-call",
    COMPARATOR: "clock-comparator",
    TIMER: "cpu-timer",
}


def masks() -> Iterator[Case]:
    common = {"source": PRESSING, "basis": VERIFIED, "needs": (OUTSIDE,), "outside": (InterruptKey("here"),)}
    yield Case(
        name="taken",
        rule="The key is an external interruption with code 0040 hex, and zeros where a CPU address would be; the old "
        "PSW is at the next instruction.",
        controls={0: KEY_MASK},
        fill={0x80: ALL},
        mask=ENABLED,
        code="LGHI 7,1\nhere: LGHI 15,1",
        events=(external(KEY, at="here", cpu_address=0, external_parameter=0xFFFF_FFFF),),
        end=FinalState(registers={7: 1, 15: 0}),
        **common,
    )
    yield Case(
        name="subclass-mask",
        rule="It stays pending while bit 57 of control register 0 is zero, whatever the other masks are.",
        controls={0: OTHERS},
        mask=ENABLED | IO_MASK | MACHINE_CHECK_MASK,
        registers={6: "page1"},
        fill={"page1": KEY_MASK},
        code="here: LGHI 7,1\nLCTLG 0,0,0(6)\nafter: LGHI 15,1",
        events=(external(KEY, at="after"),),
        end=FinalState(registers={7: 1, 15: 0}),
        **common,
    )
    yield Case(
        name="psw-mask",
        rule="It stays pending while the external mask of the PSW is zero.",
        controls={0: KEY_MASK},
        mask=ADDRESSING_MODE | IO_MASK | MACHINE_CHECK_MASK,
        code=f"here: LGHI 7,1\n{ENABLE}\nafter: LGHI 15,1",
        events=(external(KEY, at="after", mask=ENABLED | IO_MASK | MACHINE_CHECK_MASK),),
        end=FinalState(registers={7: 1, 15: 0}),
        **common,
    )
    for name, mask in (
        ("31-bit", BASIC_ADDRESSING),
        ("24-bit", 0),
        ("problem-state", ADDRESSING_MODE | PROBLEM_STATE | 2 << 44 | 5 << 40),
        ("waiting", ADDRESSING_MODE | WAIT),
    ):
        loaded = mask | EXTERNAL_MASK
        yield Case(
            name=f"loaded-{name}",
            rule="It is taken when a PSW is loaded that permits it; the old PSW is that, all of its bits.",
            controls={0: KEY_MASK},
            storage={"page15": psw(loaded)},
            parts={LOOP: "LGHI 15,1"},
            code="here: LLILF 5,page15\nLPSWE 0(5)",
            events=(external(KEY, at=LOOP, mask=(loaded, ALL)),),
            end=FinalState(registers={15: 0}),
            **common,
        )


def repeated() -> Iterator[Case]:
    common = {"source": PRESSING, "needs": (OUTSIDE,)}
    yield Case(
        name="once",
        rule="What has caused an interruption is no longer pending.",
        basis=VERIFIED,
        controls={0: KEY_MASK},
        mask=ENABLED,
        outside=(InterruptKey("here"),),
        code="here: LGHI 7,1\nLGHI 15,1",
        events=(external(KEY, at="here", going=Going.OLD),),
        end=FinalState(registers={7: 1, 15: 1}),
        **common,
    )
    yield Case(
        name="pressed-twice",
        rule="Pressed again while it is pending, it is one interruption.",
        basis=INFERRED,
        controls={0: KEY_MASK},
        outside=(InterruptKey("here"), InterruptKey("there")),
        code=f"here: LGHI 7,1\nthere: LGHI 8,1\n{ENABLE}\nafter: LGHI 15,1",
        events=(external(KEY, at="after", mask=ENABLED, going=Going.OLD),),
        end=FinalState(registers={15: 1}),
        **common,
    )
    yield Case(
        name="pressed-again",
        rule="Pressed again after it has been taken, it is another.",
        basis=VERIFIED,
        controls={0: KEY_MASK},
        mask=ENABLED,
        outside=(InterruptKey("here"), InterruptKey("there")),
        code="here: LGHI 7,1\nthere: LGHI 15,1",
        events=(external(KEY, at="here", going=Going.OLD), external(KEY, at="there", going=Going.OLD)),
        end=FinalState(registers={7: 1, 15: 1}),
        **common,
    )
    yield Case(
        name="floats",
        rule="It is taken by whichever CPU is enabled for it, and by one only.",
        source=ORDER,
        basis=INFERRED,
        needs=(OUTSIDE, TWO_CPUS),
        controls={0: KEY_MASK},
        registers={2: 1},
        storage=looping(ENABLED, 0x1B0),
        fill={**FLAGS, "page2": KEY_MASK},
        parts=LOOPS,
        outside=(InterruptKey("here"),),
        code=f"{begin(0)}here: {UNTIL_HANDLED}{ENABLE}\nLGHI 15,1",
        end=FinalState(registers={3: 1, 15: 1}, storage={"page3+0x80": (KEY, 0xFFFF), "page3+0x138": IN_LOOP}),
    )


def order() -> Iterator[Case]:
    for code, name in NAMES.items():
        yield Case(
            name=f"before-{name}",
            rule="The interrupt key comes before the other external interruptions, which stay pending.",
            source=ORDER,
            basis=VERIFIED,
            needs=(OUTSIDE,),
            controls={0: KEY_MASK | MASKS[code]},
            outside=(InterruptKey("here"),),
            code=f"{pending(code)}here: {ENABLE}\nafter: LGHI 15,1",
            events=(
                external(KEY, at="after", mask=ENABLED, going=Going.OLD),
                external(code, at="after", mask=ENABLED),
            ),
            end=FinalState(registers={15: 0}),
        )
    yield Case(
        name="before-malfunction-alert",
        rule="It comes before a malfunction alert.",
        source=ORDER,
        basis=VERIFIED,
        needs=(OUTSIDE, TWO_CPUS),
        controls={0: KEY_MASK | ALERT_MASK},
        registers={2: 1},
        outside=(MachineCheck(SYSTEM_DAMAGE, "here", cpu=1), InterruptKey("alerted")),
        code=f"""
            {RESTART}
            here: {YIELD}
            SIGP 4,2,1
            BRC 11,here
            alerted: {ENABLE}
            after: LGHI 15,1
            other: {YIELD}
            BRC 15,other
        """,
        events=(
            external(KEY, at="after", mask=(ENABLED, ANY_CONDITION_CODE), going=Going.OLD),
            external(ALERT, at="after", mask=(ENABLED, ANY_CONDITION_CODE), cpu_address=1),
        ),
        end=FinalState(registers={4: (0x10, 0xFFFF_FFFF), 15: 0}),
    )
    both = ENABLED | MACHINE_CHECK_MASK
    yield Case(
        name="after-machine-check",
        rule="It comes after a machine check.",
        source="PoP 6, Priority of Interruptions (architecture reference F5)",
        basis=VERIFIED,
        needs=(OUTSIDE,),
        controls={0: KEY_MASK, 14: 1 << 27},
        mask=both,
        outside=(InterruptKey("here"), MachineCheck(1 << 61, "here")),
        code="here: LGHI 15,1",
        events=(
            machine_check(checked(1 << 61), at="here", going=Going.OLD),
            external(KEY, at="here"),
        ),
        end=FinalState(registers={15: 0}),
    )
    yield Case(
        name="after-supervisor-call",
        rule="What is pending when a supervisor call is executed is taken behind its interruption.",
        source="PoP 6, Priority of Interruptions (architecture reference F5)",
        basis=VERIFIED,
        needs=(OUTSIDE,),
        controls={0: KEY_MASK},
        storage={"page15": psw(ENABLED, LOOP)},
        parts={LOOP: "LGHI 15,1"},
        outside=(InterruptKey("here"),),
        code="LLILF 5,page15\nMVC 0x1c0(16,0),0(5)\nhere: SVC 7",
        events=(external(KEY, at=LOOP, mask=ENABLED, cpu_address=0),),
        end=FinalState(registers={15: 0}, storage={0x88: (0x0002_0007 << 32, 0xFFFF_FFFF << 32)}),
    )


SECTION = CaseSection("The interrupt key", (*masks(), *repeated(), *order()))
