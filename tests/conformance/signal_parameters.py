# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGNAL PROCESSOR: parameters, orders that follow each other, and what is no program event."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, PER
from tools.conform.architecture.case import (
    TWO_CPUS,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    Going,
    facility,
    program,
)
from tools.conform.architecture.second_cpu import YIELD

SOURCE = "PoP 4, CPU Signaling and Response, Signal-Processor Orders (architecture reference F6)"
SENTINEL = 0x3333_3333_3333_3333
HIGH = SENTINEL & ~0xFFFF_FFFF
ALL = (1 << 64) - 1
INVALID_PARAMETER, STOPPED = 0x100, 0x40
ALTERATION = 1 << 29


def parameters() -> Iterator[Case]:
    common = {"source": SOURCE, "basis": VERIFIED, "needs": (TWO_CPUS,)}
    yield Case(
        name="prefix-bits",
        rule="Of the parameter only bits 33-50 are the prefix.",
        registers={2: 1, 5: 0xFFFF_FFFF_8004_3FFF, 7: "page5"},
        code="SIGP 4,2,0x0D\nIPM 9\nLGR 5,7\nSIGP 4,2,0x0E",
        end=FinalState(
            cc=0, registers={9: (0, 0x3000_0000)}, storage={"page5+0x118": (0x42000 << 32, 0xFFFF_FFFF << 32)}
        ),
        **common,
    )
    yield Case(
        name="prefix-behind-storage",
        rule="The first 8K behind storage are no prefix area.",
        registers={2: 1, 4: SENTINEL, 5: 0},
        # Megabyte by megabyte, up to where an addressing exception is.
        code="looking: LLILF 6,0x100000\nAGR 5,6\nTPROT 0(5),0\nafter: BRC 15,looking\nthere: SIGP 4,2,0x0D\nLGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=6, at="after", going=Going.LABEL, to="there"),),
        end=FinalState(cc=1, registers={4: HIGH | INVALID_PARAMETER}),
        **common,
    )
    yield Case(
        name="store-status-at-zero",
        rule="Status may be stored at absolute address zero.",
        registers={2: 1, 5: 0, 9: "page1", 10: "page2", 4: SENTINEL},
        # What is there is put back before the next interruption.
        code="MVC 0(256,9),0\nMVC 256(256,9),256\nSIGP 4,2,0x0E\nMVC 0(256,10),0\nMVC 256(256,10),256\n"
        "MVC 0(256,0),0(9)\nMVC 256(256,0),256(9)",
        end=FinalState(cc=0, registers={4: SENTINEL}, storage={"page2+0x180": 0xE0, "page2+0x1f0": 0xC200_0000}),
        **common,
    )


def program_events() -> Iterator[Case]:
    common = {
        "rule": "What an order stores by an absolute address is no storage alteration.",
        "source": "PoP 4, Program-Event Recording, Storage Alteration",
        "basis": VERIFIED,
        "mask": ADDRESSING_MODE | PER,
        "controls": {9: ALTERATION, 10: 0, 11: ALL},
        "registers": {2: 1, 5: "page1"},
        "end": FinalState(cc=0, registers={15: 1}),
    }
    for name, order, needs in (("status", 0x0E, (TWO_CPUS,)), ("additional", 0x17, (TWO_CPUS, facility(129)))):
        yield Case(name=f"no-event-{name}", needs=needs, code=f"SIGP 4,2,{order}\nLGHI 15,1", **common)


def sequences() -> Iterator[Case]:
    common = {"source": SOURCE, "basis": VERIFIED, "needs": (TWO_CPUS,), "parts": {0x9000: f"{YIELD}\nBRC 15,0x9000"}}
    begin = "LLILF 8,0x9000\nSTG 8,0x1A8\nSIGP 6,2,6\n"
    for name, order in (("reset", 0x0C), ("initial-reset", 0x0B)):
        yield Case(
            name=f"restart-and-{name}",
            rule="A reset is accepted even while an earlier order has not been carried out yet.",
            registers={2: 1, 4: SENTINEL},
            code=f"{begin}SIGP 4,2,{order}\nIPM 9\nLGHI 4,0\nSIGP 4,2,1",
            end=FinalState(cc=1, registers={4: STOPPED, 9: (0, 0x3000_0000)}),
            **common,
        )
    yield Case(
        name="restart-and-stop",
        rule="An order is not overtaken by the next one: a CPU that is restarted, and then stopped, is stopped.",
        registers={2: 1, 4: 0},
        code=f"{begin}stopping: SIGP 4,2,5\nBRC 2,stopping\nsensing: {YIELD}\nLGHI 4,0\nSIGP 4,2,1\nBRC 11,sensing",
        end=FinalState(registers={4: STOPPED}),
        **common,
    )


SECTION = CaseSection("Signal processor: parameters and sequences", (*parameters(), *program_events(), *sequences()))
