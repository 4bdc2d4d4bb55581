# SPDX-License-Identifier: GPL-2.0-or-later
"""What a host that takes pages leaves alone: the prefix area, pages that nobody has touched, room that it has back."""

from __future__ import annotations

from collections.abc import Iterator

from emu.addresses import PAGE_SIZE
from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import INFERRED, KVM, PAGING, ZVM, Case, CaseSection, FinalState, Going, program
from tools.conform.architecture.layout import PRESSURE, PRESSURE_END
from tools.conform.architecture.page_states import state_byte
from tools.conform.architecture.prefixed import WITHOUT_PREFIX, prefix_word, with_prefix

CONTENT = 0x7777_7777_7777_7777
PAGES = (PRESSURE_END - PRESSURE) // PAGE_SIZE

RESIDENT = "ESSA 3,5,0\nTMLL 3,3\nBRC 7,taken\nAGHI 12,1\ntaken: BCR 0,0"
"""Count in register 12 if the page at register 5 is resident."""


def touched(label: str, code: str = "LG 8,0(5)", *, count: int = PAGES, start: int = PRESSURE) -> str:
    """Code that does *code* with *count* pages, so many that the host takes others; it uses registers 5 to 8."""
    return f"""
        LLILF 5,{start:#x}
        LGHI 6,0x1000
        LGHI 7,{count}
        {label}: {code}
        AGR 5,6
        BRCT 7,{label}
    """


def prefix_area() -> Iterator[Case]:
    for name, address in (("first", 0), ("second", 0x1000)):
        yield Case(
            name=f"prefix-area-{name}-page",
            rule="The host does not take a page of the prefix area, for however long nobody has touched it.",
            source="page-hinting reference 2.4",
            basis=INFERRED,
            needs=(ZVM, PAGING),
            registers={2: address},
            code=f"LG 3,0(2)\n{touched('once')}{touched('again')}{touched('once_more')}ESSA 3,2,0",
            end=FinalState(registers={3: state_byte("Sr")}),
        )
    # The pages that are touched all the time, and before them those that are not.
    busy = PRESSURE + 138 * PAGE_SIZE
    others = (PRESSURE_END - busy) // PAGE_SIZE
    yield Case(
        name="prefix-area-not-resident",
        rule="While a page of the prefix area is not resident the host takes pages that nobody touches, all of them.",
        source="page-hinting reference 2.4",
        basis=INFERRED,
        needs=(ZVM, PAGING),
        fill={"page4": CONTENT},
        storage={"page16": prefix_word(0x42000)},
        is_pressed=True,
        code=f"""
            {with_prefix("page3")}
            {touched("idle", count=138)}
            {touched("busy", count=others, start=busy)}
            {touched("busy_again", count=others, start=busy)}
            LLILF 7,page16
            {WITHOUT_PREFIX}
            LGHI 12,0
            {touched("asked", RESIDENT, count=138)}
        """,
        end=FinalState(registers={12: 0}, pages={"page4": "Sp"}),
    )


# LG 8,0(4), and the first half of LGHI 8,1, whose second one is in page2.
CROSSING = {"page1+0xff8": 0xE380_4000_0004_A789, "page2": 0x0001_0AFF_0000_0000}


def looking_ahead() -> Iterator[Case]:
    common = {
        "source": "PoP 5, Conceptual Sequence; page-hinting reference 2.4",
        "basis": INFERRED,
        "needs": (ZVM, PAGING),
        "keys": {"page2": 0x04},
        "events": (program(Code.ADDRESSING, ilc=6, at="page1+0xffe", going=Going.LABEL, to="after"),),
        "end": FinalState(registers={3: state_byte("Sp")}),
    }
    yield Case(
        name="not-executed",
        rule="No page is brought in for an instruction that is not executed, since the one before is not completed.",
        registers={2: "page2", 4: "nowhere", 9: "page1+0xff8"},
        fill=CROSSING,
        is_pressed=True,
        code="LG 8,0(9)\nBCR 15,9\nafter: ESSA 3,2,0",
        **common,
    )
    yield Case(
        name="not-executed-taken",
        rule="The same when the page has been taken since the code was prepared.",
        registers={2: "page2", 4: "nowhere", 9: "page1+0xff8"},
        fill=CROSSING,
        code=f"{touched('before', count=350)}LG 8,0(9)\nBCR 15,9\nafter: ESSA 3,2,0",
        **common,
    )
    # How many pages are touched before and after.
    for before, behind in ((200, 100), (240, 60)):
        yield Case(
            name=f"not-executed-{before}",
            rule="A page whose instruction is not executed, since the one before is not completed, has not been "
            "touched: the host takes it before others that have been.",
            registers={2: "page2", 4: "nowhere", 9: "page1+0xff8", 10: "page3", 11: "page4"},
            fill=CROSSING | {"page3": CONTENT, "page4": CONTENT},
            code=f"""
                {touched("before", count=before)}
                LG 8,0(9)
                LG 8,0(10)
                LG 8,0(11)
                BCR 15,9
                after: {touched("behind", count=behind, start=PRESSURE + before * PAGE_SIZE)}
                ESSA 3,2,0
            """,
            **common,
        )


def room() -> Iterator[Case]:
    yield Case(
        name="unused-room",
        rule="A page of no interest that is touched is not read, and the room where it was kept can be used again.",
        source="Linux arch/s390/kvm/priv.c, arch/s390/mm/gmap.c (page-hinting reference 6.2)",
        basis=INFERRED,
        needs=(KVM, PAGING),
        registers={9: CONTENT},
        code=touched("once", "STG 9,8(5)") + touched("again", "ESSA 3,5,2\nSTG 9,8(5)\nESSA 4,5,1"),
        end=FinalState(registers={3: state_byte("Sp"), 4: state_byte("Ur")}),
    )


SECTION = CaseSection("Page hinting: what the host leaves alone", (*prefix_area(), *looking_ahead(), *room()))
