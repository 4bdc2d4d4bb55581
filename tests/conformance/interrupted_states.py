# SPDX-License-Identifier: GPL-2.0-or-later
"""Interruptions in every state of a CPU: what the old PSW keeps of it; service signals; what other CPUs take."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, EXTERNAL_MASK, PROBLEM_STATE
from tools.conform.architecture.case import (
    TWO_CPUS,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    external,
    program,
    supervisor_call,
)
from tools.conform.architecture.spaces import TableLevel, TableSpace

ALL = (1 << 64) - 1
EMERGENCY, SERVICE_SIGNAL = 0x1201, 0x2401
EMERGENCY_MASK, SERVICE_MASK = 1 << 14, 0x200
CR0 = 0xE0
SPACE = TableSpace(TableLevel.SEGMENT)
STATES = {
    "problem-state": ADDRESSING_MODE | PROBLEM_STATE,
    "key": ADDRESSING_MODE | 5 << 52,
    "dat": ADDRESSING_MODE | DAT,
    "dat-home": ADDRESSING_MODE | DAT | 3 << 46,
    "dat-secondary": ADDRESSING_MODE | DAT | 2 << 46,
    "dat-problem-key": ADDRESSING_MODE | DAT | PROBLEM_STATE | 9 << 52,
    "condition-code": ADDRESSING_MODE | 3 << 44,
    "program-mask": ADDRESSING_MODE | 6 << 40,
    "31-bit": BASIC_ADDRESSING,
    "24-bit": 0,
    "external-mask": ADDRESSING_MODE | EXTERNAL_MASK,
    "machine-check-mask": ADDRESSING_MODE | 1 << 50,
    "io-mask": ADDRESSING_MODE | 1 << 57,
}
CONTROLS = {0: CR0 | EMERGENCY_MASK, 1: SPACE.asce, 7: SPACE.asce, 13: SPACE.asce}


def states() -> Iterator[Case]:
    common = {
        "source": "PoP 6, Interruption Action; PoP 4, Program-Status Word",
        "basis": VERIFIED,
        "controls": CONTROLS,
        "storage": SPACE.storage,
    }
    rule = "The old PSW is the PSW as it was, all of its bits, and the new PSW takes its place."
    for name, mask in STATES.items():
        # CR0 leaves nothing but the signal enabled, and that is not pending.
        yield Case(
            name=f"program-{name}",
            rule=rule,
            mask=mask,
            code="bad: DC X'0000'\nafter: LGHI 15,1",
            events=(program(Code.OPERATION, ilc=2, at="after", mask=(mask, ALL)),),
            **common,
        )
        yield Case(
            name=f"supervisor-call-{name}",
            rule=rule,
            mask=mask,
            code="bad: SVC 5\nafter: LGHI 15,1",
            events=(supervisor_call(5, at="after", mask=(mask, ALL)),),
            **common,
        )
        enabled = mask | EXTERNAL_MASK
        yield Case(
            name=f"external-{name}",
            rule=rule,
            code="LGHI 2,0\nSIGP 4,2,3\nLLILF 6,page1\nLPSWE 0(6)\nthere: LGHI 15,1",
            events=(external(EMERGENCY, at=0x9000, mask=(enabled, ALL), cpu_address=0),),
            **common | {"storage": SPACE.storage | {"page1": enabled.to_bytes(8, "big") + (0x9000).to_bytes(8, "big")}},
        )


def service_signal() -> Iterator[Case]:
    yield Case(
        name="service-signal",
        rule="The end of a service call is an external interruption, whose parameter is the address of its block.",
        source="Linux drivers/s390/char/sclp.c; architecture reference F5",
        basis=VERIFIED,
        controls={0: CR0 | SERVICE_MASK},
        # The length of the block; READ SCP INFO.
        fill={"page1": 0x1000 << 48},
        code="LLILF 1,0x00020001\nLLILF 2,page1\nSERVC 1,2\nIPM 9\nSTOSM 0x800,1\nafter: LGHI 15,1",
        events=(
            external(
                SERVICE_SIGNAL,
                at="after",
                mask=ADDRESSING_MODE | EXTERNAL_MASK,
                external_parameter=(0x40000, 0xFFFF_FFF8),
            ),
        ),
        end=FinalState(registers={9: (0, 0x3000_0000)}, storage={"page1": (0x0010, 0xFFFF)}),
    )
    yield Case(
        name="service-call-command",
        rule="A command that is not known is accepted, and ends with a response of its own.",
        source="Linux drivers/s390/char/sclp.c",
        basis=VERIFIED,
        controls={0: CR0 | SERVICE_MASK},
        fill={"page1": 0x0010 << 48},
        code="LLILF 1,0x00FF00FF\nLLILF 2,page1\nSERVC 1,2\nIPM 9\nSTOSM 0x800,1\nafter: LGHI 15,1",
        events=(external(SERVICE_SIGNAL, at="after", mask=ADDRESSING_MODE | EXTERNAL_MASK),),
        end=FinalState(registers={9: (0, 0x3000_0000)}, storage={"page1": (0x01F0, 0xFFFF)}),
    )


def other_cpus() -> Iterator[Case]:
    for name, order, mask in (("emergency", 3, 1 << 14), ("call", 2, 1 << 13)):
        yield Case(
            name=f"local-{name}",
            rule="A signal is taken by the CPU that it was sent to, and by no other.",
            source="PoP 6, External Interruption, Floating Interruption Conditions",
            basis=VERIFIED,
            needs=(TWO_CPUS,),
            mask=ADDRESSING_MODE | EXTERNAL_MASK,
            controls={0: CR0 | mask},
            registers={2: 1},
            code=f"SIGP 4,2,{order}\nBCR 0,0\nLGHI 15,1",
            end=FinalState(registers={15: 1}),
        )


SECTION = CaseSection("Interrupted states", (*states(), *service_signal(), *other_cpus()))
