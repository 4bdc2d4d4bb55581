# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine-check interruptions: masks, what is stored, and which come first."""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, EXTERNAL_MASK, IO_MASK, MACHINE_CHECK_MASK, PROBLEM_STATE, WAIT
from tools.conform.architecture.case import (
    DEVICES,
    INFERRED,
    OUTSIDE,
    TWO_CPUS,
    VERIFIED,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    Going,
    MachineCheck,
    external,
    machine_check,
)
from tools.conform.architecture.channel_reports import (
    ENABLED,
    PSW_AND_STORAGE_VALID,
    REPORT,
    REPORT_MASK,
    RESET_PATH,
    WAIT_FOR_IT,
    WAITING,
    WAITING_AT,
    checked,
    psw,
    reported,
)
from tools.conform.architecture.second_cpu import FLAGS, IN_LOOP, LOOP, LOOPS, UNTIL_HANDLED, YIELD, begin, looping

ALL = (1 << 64) - 1
HANDLING = "PoP 11, Machine-Check Handling (architecture reference E3)"
PRIORITY = "PoP 6, Priority of Interruptions (architecture reference F5)"
CR0, EMERGENCY, EMERGENCY_MASK = 0xE0, 0x1201, 1 << 14
ALERT, ALERT_MASK = 0x1200, 1 << 15
ALERTED = ADDRESSING_MODE | EXTERNAL_MASK | WAIT
SYSTEM_DAMAGE, PROCESSING_DAMAGE = 1 << 63, 1 << 62
# Each repressible condition, and its subclass mask in control register 14.
RECOVERY, RECOVERY_MASK = 1 << 61, 1 << 27
REPRESSIBLE = {
    "channel-report": (REPORT, REPORT_MASK),
    "recovery": (RECOVERY, RECOVERY_MASK),
    "degradation": (1 << 56, 1 << 26),
    "external-damage": (1 << 58, 1 << 25),
    "warning": (1 << 55, 1 << 24),
}
EXIGENT = {"system-damage": SYSTEM_DAMAGE, "processing-damage": PROCESSING_DAMAGE}
EVERY_MASK = sum(mask for _, mask in REPRESSIBLE.values())
CONDITIONS = SYSTEM_DAMAGE | PROCESSING_DAMAGE | sum(condition for condition, _ in REPRESSIBLE.values())
# Where the program does not wait for the channel report: in this time the path is reset, and the report made.
SOME_TIME = "LGHI 14,500\nlater: BRCTG 14,later\n"
# The second CPU, which loads control register 14.
OTHER_CPU = looping(ENABLED, 0x1E0)
BEGIN = begin(14)


def channel_reports() -> Iterator[Case]:
    common = {"source": HANDLING, "basis": VERIFIED, "needs": (DEVICES,)}
    yield Case(
        name="channel-report",
        rule="A channel report is a machine check, and ends a wait: the code says what it is and what is valid, and "
        "the architectural mode is stored.",
        controls={14: REPORT_MASK},
        storage=WAITING,
        code=RESET_PATH + WAIT_FOR_IT,
        events=(reported(architectural_mode=1),),
        **common,
    )
    yield Case(
        name="channel-report-psw-mask",
        rule="It is not taken while the machine-check mask of the PSW is zero, whatever other masks are.",
        controls={0: CR0, 14: EVERY_MASK},
        mask=ADDRESSING_MODE | EXTERNAL_MASK | IO_MASK,
        code=f"{RESET_PATH}{SOME_TIME}LGHI 15,1",
        end=FinalState(registers={15: 1}),
        **common,
    )
    yield Case(
        name="channel-report-subclass-mask",
        rule="It stays pending while its mask in control register 14 is zero, and is taken when that becomes one.",
        controls={14: EVERY_MASK & ~REPORT_MASK},
        mask=ENABLED,
        registers={6: "page1"},
        fill={"page1": REPORT_MASK},
        code=f"{RESET_PATH}{SOME_TIME}LGHI 7,1\nLCTLG 14,14,0(6)\nafter: LGHI 15,1",
        events=(machine_check(checked(REPORT), at="after"),),
        end=FinalState(registers={7: 1, 15: 0}),
        **common,
    )
    for name, mask in (
        ("64-bit", ADDRESSING_MODE),
        ("31-bit", BASIC_ADDRESSING),
        ("24-bit", 0),
        ("condition-code", ADDRESSING_MODE | 2 << 44),
        ("key", ADDRESSING_MODE | 7 << 52),
        ("problem-state", ADDRESSING_MODE | PROBLEM_STATE | 5 << 40),
    ):
        loaded = mask | MACHINE_CHECK_MASK
        yield Case(
            name=f"channel-report-{name}",
            rule="It is taken when a PSW is loaded that permits it; the old PSW is that, all of its bits.",
            controls={14: REPORT_MASK},
            storage={"page15": psw(loaded)},
            parts={WAITING_AT: "LGHI 15,1"},
            code=f"{RESET_PATH}{SOME_TIME}{WAIT_FOR_IT}",
            events=(machine_check(checked(REPORT), at=WAITING_AT, mask=(loaded, ALL)),),
            end=FinalState(registers={15: 0}),
            **common,
        )
    yield Case(
        name="channel-report-before-external",
        rule="A machine check comes before an external interruption.",
        source=PRIORITY,
        basis=VERIFIED,
        needs=(DEVICES,),
        controls={0: CR0 | EMERGENCY_MASK, 14: REPORT_MASK},
        storage={"page15": psw(ENABLED | EXTERNAL_MASK)},
        code=f"LGHI 2,0\nSIGP 4,2,3\n{RESET_PATH}{SOME_TIME}{WAIT_FOR_IT}",
        events=(
            machine_check(checked(REPORT), at=WAITING_AT, mask=ENABLED | EXTERNAL_MASK, going=Going.OLD),
            external(EMERGENCY, at=WAITING_AT, mask=ENABLED | EXTERNAL_MASK),
        ),
    )
    yield Case(
        name="channel-report-once",
        rule="It has been told of when it has been taken; the report is there to be stored, and then no other.",
        controls={14: REPORT_MASK},
        registers={2: "page1"},
        fill={"page1": 0},
        storage={**WAITING, "page14": psw(ENABLED, 0x9100)},
        parts={0x9100: f"{SOME_TIME}STCRW 0(2)\nIPM 3\nSTCRW 4(2)\nIPM 4\nSVC 255"},
        code=f"{RESET_PATH}{WAIT_FOR_IT}told: LLILF 5,page14\nLPSWE 0(5)",
        events=(reported(to="told"),),
        end=FinalState(registers={3: (0, 3 << 28), 4: (1 << 28, 3 << 28)}, storage={"page1": (0, 0xFFFF_FFFF)}),
        **common,
    )
    yield Case(
        name="channel-report-announced-again",
        rule="Once STORE CHANNEL REPORT WORD has found none, the next report is a machine check again; before that, it "
        "is not.",
        source="PoP 17, Channel Report; QEMU hw/s390x/css.c",
        basis=INFERRED,
        needs=(DEVICES,),
        controls={14: REPORT_MASK},
        registers={2: "page1"},
        fill={"page1": 0},
        storage={**WAITING, "page13": psw(ADDRESSING_MODE, 0x9200), "page14": psw(ENABLED, 0x9100)},
        parts={
            0x9100: f"{RESET_PATH}{SOME_TIME}STCRW 0(2)\nSTCRW 0(2)\nSTCRW 0(2)\nLLILF 5,page13\nLPSWE 0(5)",
            0x9200: RESET_PATH + WAIT_FOR_IT,
        },
        code=f"{RESET_PATH}{WAIT_FOR_IT}first: LLILF 5,page14\nLPSWE 0(5)\nsecond: LGHI 15,1",
        events=(reported(to="first"), reported(to="second")),
        end=FinalState(registers={15: 1}),
    )
    yield Case(
        name="channel-report-floats",
        rule="A channel report is taken by whichever CPU is enabled for it, and by one only.",
        source="PoP 6, Floating Interruption Conditions; Linux arch/s390/kvm/interrupt.c",
        basis=VERIFIED,
        needs=(DEVICES, TWO_CPUS),
        registers={2: 1},
        controls={14: REPORT_MASK},
        storage={**OTHER_CPU, "page14": psw(ENABLED, 0x9200)},
        fill={**FLAGS, "page2": REPORT_MASK},
        parts={**LOOPS, 0x9200: "LGHI 15,1\nSVC 255"},
        code=f"{BEGIN}{RESET_PATH}{UNTIL_HANDLED}LLILF 5,page14\nLPSWE 0(5)",
        end=FinalState(registers={3: 1, 15: 1}, storage={"page3+0xe8": checked(REPORT), "page3+0x168": IN_LOOP}),
    )


def conditions() -> Iterator[Case]:
    """Conditions that no instruction makes."""
    common = {"source": HANDLING, "basis": VERIFIED, "needs": (OUTSIDE,)}
    for name, (condition, mask) in REPRESSIBLE.items():
        yield Case(
            name=f"reported-{name}-taken",
            rule="A repressible condition is taken when the PSW and its subclass mask permit it.",
            controls={14: mask},
            mask=ENABLED,
            outside=(MachineCheck(condition, "here"),),
            code="LGHI 7,1\nhere: LGHI 15,1",
            events=(machine_check(checked(condition), at="here"),),
            end=FinalState(registers={7: 1, 15: 0}),
            **common,
        )
        yield Case(
            name=f"reported-{name}-subclass-mask",
            rule="It stays pending while its subclass mask is zero, whatever the others are.",
            controls={14: EVERY_MASK & ~mask},
            mask=ENABLED,
            registers={6: "page1"},
            fill={"page1": mask},
            outside=(MachineCheck(condition, "here"),),
            code="here: LGHI 7,1\nLCTLG 14,14,0(6)\nafter: LGHI 15,1",
            events=(machine_check(checked(condition), at="after"),),
            end=FinalState(registers={7: 1, 15: 0}),
            **common,
        )
        yield Case(
            name=f"reported-{name}-psw-mask",
            rule="It stays pending while the machine-check mask of the PSW is zero.",
            controls={14: EVERY_MASK},
            storage={"page1": psw(ENABLED, 0x9000)},
            parts={0x9000: "LGHI 15,1"},
            outside=(MachineCheck(condition, "here"),),
            code="here: LGHI 7,1\nLLILF 5,page1\nLPSWE 0(5)",
            events=(machine_check(checked(condition), at=0x9000, mask=ENABLED),),
            end=FinalState(registers={7: 1, 15: 0}),
            **common,
        )
    for name, condition in EXIGENT.items():
        yield Case(
            name=f"reported-{name}-taken",
            rule="Control register 14 masks no exigent condition.",
            controls={14: 0},
            mask=ENABLED,
            outside=(MachineCheck(condition, "here"),),
            code="LGHI 7,1\nhere: LGHI 15,1",
            events=(machine_check(checked(condition), at="here"),),
            end=FinalState(registers={7: 1, 15: 0}),
            **common,
        )
        yield Case(
            name=f"reported-{name}-check-stop",
            rule="A CPU that is disabled for an exigent condition enters the check-stop state, of which the others are "
            "alerted.",
            source="PoP 11, Check-Stop State; PoP 6, Malfunction Alert",
            basis=VERIFIED,
            needs=(OUTSIDE, TWO_CPUS),
            controls={0: CR0 | ALERT_MASK, 14: EVERY_MASK},
            registers={2: 1},
            storage={**OTHER_CPU, "page14": psw(ALERTED, 0x9200), "page15": psw(ADDRESSING_MODE, LOOP)},
            fill={**FLAGS, "page2": EVERY_MASK},
            parts=LOOPS,
            outside=(MachineCheck(condition, "here", cpu=1),),
            code=f"{BEGIN}here: LLILF 5,page14\nLPSWE 0(5)\nstopped: LGHI 4,0\nSIGP 4,2,1\nIPM 3",
            events=(external(ALERT, at=0x9200, mask=ALERTED, going=Going.LABEL, to="stopped", cpu_address=1),),
            end=FinalState(registers={3: (1 << 28, 3 << 28), 4: 0x10}),
        )
    yield Case(
        name="save-areas-discarded",
        rule="A CPU whose save areas are in a page that is discarded takes a machine check, without saving registers: "
        "none is valid, and the page stays as it is.",
        source="PoP 11, Machine-Check Interruption Code, Validity Bits; PoP 3, Assigned Storage Locations",
        basis=INFERRED,
        needs=(DEVICES, TWO_CPUS, ZVM),
        controls={14: 0},
        registers={2: 1},
        storage=OTHER_CPU,
        fill={**FLAGS, "page2": EVERY_MASK},
        pages={"page4": "Vz"},
        parts=LOOPS,
        code=f"{BEGIN}{RESET_PATH}{UNTIL_HANDLED}LGHI 15,1",
        end=FinalState(
            registers={3: 1, 15: 1}, storage={"page3+0xe8": REPORT | PSW_AND_STORAGE_VALID}, pages={"page4": "Vz"}
        ),
    )
    yield Case(
        name="several-conditions",
        rule="One interruption tells of all conditions that are pending and enabled, and the others stay pending.",
        source=HANDLING,
        basis=INFERRED,
        needs=(OUTSIDE,),
        controls={14: EVERY_MASK & ~RECOVERY_MASK},
        mask=ENABLED,
        registers={6: "page1"},
        fill={"page1": EVERY_MASK},
        outside=(MachineCheck(CONDITIONS & ~SYSTEM_DAMAGE, "here"),),
        code="here: LGHI 7,1\nLCTLG 14,14,0(6)\nafter: LGHI 15,1",
        events=(
            machine_check(checked(CONDITIONS & ~SYSTEM_DAMAGE & ~RECOVERY), at="here", going=Going.OLD),
            machine_check(checked(RECOVERY), at="after"),
        ),
        end=FinalState(registers={7: 1, 15: 0}),
    )
    yield Case(
        name="repressible-before-external",
        rule="A repressible machine check comes before an external interruption.",
        source=PRIORITY,
        basis=VERIFIED,
        needs=(OUTSIDE,),
        controls={0: CR0 | EMERGENCY_MASK, 14: RECOVERY_MASK},
        storage={"page1": psw(ENABLED | EXTERNAL_MASK, 0x9000)},
        outside=(MachineCheck(RECOVERY, "here"),),
        code="LGHI 2,0\nSIGP 4,2,3\nhere: LLILF 5,page1\nLPSWE 0(5)",
        events=(
            machine_check(checked(RECOVERY), at=0x9000, mask=ENABLED | EXTERNAL_MASK, going=Going.OLD),
            external(EMERGENCY, at=0x9000, mask=ENABLED | EXTERNAL_MASK),
        ),
    )
    yield Case(
        name="recovery-of-one-cpu",
        rule="A condition that does not float stays with its CPU, though another is enabled.",
        source="PoP 11, Machine-Check Handling; PoP 6, Floating Interruption Conditions",
        basis=INFERRED,
        needs=(OUTSIDE, TWO_CPUS),
        registers={2: 1},
        controls={14: RECOVERY_MASK},
        storage={**OTHER_CPU, "page5": psw(ENABLED, 0x9200)},
        fill={**FLAGS, "page2": EVERY_MASK},
        parts=LOOPS,
        outside=(MachineCheck(RECOVERY, "here"),),
        code=f"{BEGIN}here: {YIELD}\n{YIELD}\nLLILF 5,page1\nLG 3,8(5)\nLLILF 5,page5\nLPSWE 0(5)",
        events=(machine_check(checked(RECOVERY), at=0x9200, mask=ENABLED),),
        end=FinalState(registers={3: 0}),
    )


SECTION = CaseSection("Machine checks", (*channel_reports(), *conditions()))
