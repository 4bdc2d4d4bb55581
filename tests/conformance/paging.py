# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of pages that the host takes, and of their content and keys (z/VM's page states)."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import (
    INFERRED,
    PAGE_ADDRESS,
    PAGING,
    VERIFIED,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    Going,
    facility,
    program,
)
from tools.conform.architecture.page_states import state_byte

PATCH = "Schwidefsky v7 patch 6/6 (page-hinting reference"
CONTENT = 0x7777_7777_7777_7777
SENTINEL = 0x3333_3333_3333_3333
NEEDS = (ZVM, PAGING)


def takings() -> Iterator[Case]:
    for before, key, after in (
        ("Sr", 0x00, "Sp"),
        ("Sr", 0x02, "Sp"),
        ("Ur", 0x02, "Uz"),
        ("Vr", 0x02, "Vz"),
        ("Pr", 0x00, "Vz"),
        ("Pr", 0x02, "Sp"),
        ("Sz", 0x00, "Sz"),
        ("Uz", 0x00, "Uz"),
        ("Vz", 0x00, "Vz"),
    ):
        yield Case(
            name=f"taken-{before}-{'changed' if key else 'clean'}",
            rule=f"When the host needs its frame, a page in state {before} becomes {after}.",
            source=f"{PATCH} 2.3, 5.1)",
            basis=VERIFIED,
            needs=NEEDS,
            # A page of zeros need not be kept.
            fill={"page1+8": CONTENT} if before.endswith("r") else {},
            pages={"page1": before},
            keys={"page1": key},
            is_pressed=True,
            code="BCR 0,0",
            end=FinalState(pages={"page1": after}, keys={"page1": key}),
        )


def takings_of_zeros() -> Iterator[Case]:
    for before, key in (("Sr", 0x02), ("Pr", 0x02)):
        yield Case(
            name=f"taken-{before}-zeros",
            rule="A page of zeros that is to be kept need not be: it becomes Sz.",
            source=f"{PATCH} 5.1)",
            basis=INFERRED,
            needs=NEEDS,
            pages={"page1": before},
            keys={"page1": key},
            is_pressed=True,
            code="BCR 0,0",
            end=FinalState(pages={"page1": "Sz"}, keys={"page1": key}),
        )


# A preserved page after each request; a star: inferred.
PRESERVED = ("Sp", "Sp", "Uz", "Vz", "", "Sr*", "Sp*", "Sp+NT*")


def requests() -> Iterator[Case]:
    rows = [(request, 0x00, state) for request, state in enumerate(PRESERVED) if state]
    rows += [(4, 0x00, "Vz*"), (4, 0x02, "Sp*")]
    for request, key, state in rows:
        yield Case(
            name=f"Sp-{request}" + ("-changed" if key else ""),
            rule=f"Request {request} on a preserved page: R1 gets 02, and it is {state.rstrip('*')} after.",
            source=f"{PATCH} 1.4)",
            basis=INFERRED if state.endswith("*") else VERIFIED,
            needs=(*NEEDS, facility(147)) if request == 7 else NEEDS,
            registers={2: "page1", 3: -1},
            fill={"page1+8": CONTENT},
            pages={"page1": "Sr"},
            keys={"page1": key},
            is_pressed=True,
            code=f"ESSA 3,2,{request}",
            end=FinalState(registers={3: state_byte("Sp")}, pages={"page1": state.rstrip("*")}, keys={"page1": key}),
        )


def accesses() -> Iterator[Case]:
    for name, code, end in (
        ("load", "LG 3,0(2)", {3: CONTENT}),
        ("store", "STG 3,8(2)\nLG 5,0(2)\nLG 6,8(2)", {5: CONTENT, 6: SENTINEL}),
        ("move-from", "MVC 0(8,4),0(2)\nLG 5,0(4)", {5: CONTENT}),
        ("compare", "CLC 0(8,2),0(2)\nIPM 7\nLG 5,0(2)", {5: CONTENT}),
        ("load-real", "LURAG 5,2", {5: CONTENT}),
        ("test-block-others", "LG 5,0(2)\nTB 0,4\nLG 6,0(4)", {5: CONTENT, 6: 0}),
    ):
        yield Case(
            name=f"Sp-{name}",
            rule="An access to a preserved page brings it in, and is none the wiser.",
            source=f"{PATCH} 2.3, 2.4)",
            basis=VERIFIED,
            needs=NEEDS,
            registers={2: "page1", 3: SENTINEL, 4: "page2"},
            fill={"page1": CONTENT, "page2": 0},
            is_pressed=True,
            code=code,
            end=FinalState(registers=end, pages={"page1": "Sr"}),
        )
    yield Case(
        name="Sp-crossing-move",
        rule="Both pages of both operands are brought in.",
        source=f"{PATCH} 2.3, 2.4)",
        basis=VERIFIED,
        needs=NEEDS,
        registers={2: "page1+0xff8", 4: "page3+0xff8"},
        fill={"page1+0xff8": 1, "page2": 2, "page3+0xff8": 3, "page4": 4},
        is_pressed=True,
        code="MVC 0(16,4),0(2)",
        end=FinalState(storage={"page3+0xff8": 1, "page4": 2}),
    )
    yield Case(
        name="Sp-instruction",
        rule="An instruction in a preserved page is executed.",
        source=f"{PATCH} 2.3, 2.4)",
        basis=VERIFIED,
        needs=NEEDS,
        registers={2: "page1"},
        # LGHI 3,7; SVC 255
        fill={"page1": 0xA739_0007_0AFF_0000},
        is_pressed=True,
        code="BCR 15,2",
        end=FinalState(registers={3: 7}),
    )
    for key in (0x30, 0x36, 0xF8):
        yield Case(
            name=f"key-{key:02x}-stays",
            rule="A key stays while the page is preserved, and when it has been brought in.",
            source="Schwidefsky v4 discussion, September 2006 (page-hinting reference 2.4, 8.3)",
            basis=VERIFIED,
            needs=NEEDS,
            registers={2: "page1", 3: 0, 4: 0},
            fill={"page1": CONTENT},
            keys={"page1": key},
            is_pressed=True,
            code="ISKE 3,2\nLG 5,0(2)",
            end=FinalState(registers={3: key, 5: CONTENT}, keys={"page1": key | 4}),
        )


def given_up() -> Iterator[Case]:
    common = {
        "source": f"{PATCH} 1.4, 2.1, 2.3)",
        "needs": NEEDS,
        "registers": {2: "page1", 3: -1},
        "is_pressed": True,
    }
    for name, request, key, state in (("unused", 2, 0, "Uz"), ("volatile", 3, 0, "Vz"), ("clean", 4, 0, "Vz")):
        yield Case(
            name=f"given-up-{name}",
            rule="A preserved page that is no longer stable is given up at once; stable again it is logically zero.",
            basis=INFERRED if request == 4 else VERIFIED,
            fill={"page1": CONTENT},
            keys={"page1": key},
            code=f"ESSA 4,2,{request}\nESSA 5,2,1\nLG 3,0(2)",
            end=FinalState(
                registers={3: 0, 4: state_byte("Sp"), 5: state_byte(state)},
                pages={"page1": "Sr"},
                keys={"page1": key | 4},
            ),
            **common,
        )
    for name, fill, content in (("preserved", {"page1": CONTENT}, CONTENT), ("zero", {}, 0)):
        yield Case(
            name=f"made-resident-{name}",
            rule="Request 5 makes a page resident with its content.",
            basis=INFERRED,
            fill=fill,
            pages={} if fill else {"page1": "Sz"},
            code="ESSA 4,2,5\nESSA 5,2,0\nLG 3,0(2)",
            end=FinalState(registers={3: content, 5: 0}, pages={"page1": "Sr"}),
            **common,
        )


def discards() -> Iterator[Case]:
    for name, request, key in (("volatile", "Vr", 0x02), ("potentially-volatile", "Pr", 0x00)):
        yield Case(
            name=f"discarded-{name}",
            rule="A page that the host has discarded is a discard fault; made again it has zeros.",
            source=f"{PATCH} 2.3, 3.1, 3.2)",
            basis=VERIFIED,
            needs=NEEDS,
            registers={2: "page1", 3: -1},
            fill={"page1": CONTENT},
            pages={"page1": request},
            keys={"page1": key},
            is_pressed=True,
            code="bad: LG 3,0(2)\nBRC 15,done\nhandler: ESSA 5,2,6\nESSA 4,2,1\nBRC 15,bad\ndone: LGHI 12,1",
            events=(
                program(
                    Code.DISCARD_FAULT, ilc=6, at="bad", teid=("page1", PAGE_ADDRESS), going=Going.LABEL, to="handler"
                ),
            ),
            end=FinalState(registers={3: 0, 4: 0x0F, 5: 0x0F, 12: 1}, pages={"page1": "Sr"}),
        )
    yield Case(
        name="kept-potentially-volatile",
        rule="A page that may have been changed keeps its content, and is stable.",
        source=f"{PATCH} 2.3, 2.5, 5.1)",
        basis=VERIFIED,
        needs=NEEDS,
        registers={2: "page1"},
        fill={"page1": CONTENT},
        pages={"page1": "Pr"},
        keys={"page1": 0x02},
        is_pressed=True,
        code="ESSA 4,2,6\nLG 3,0(2)",
        end=FinalState(registers={3: 0x77_7777_7777_7777, 4: state_byte("Sp")}, pages={"page1": "Sr"}),
    )
    yield Case(
        name="unused-is-lost",
        rule="An unused page that the host has taken reads as zeros when it is stable again.",
        source=f"{PATCH} 2.1, 2.3)",
        basis=VERIFIED,
        needs=NEEDS,
        registers={2: "page1"},
        fill={"page1": CONTENT},
        pages={"page1": "Ur"},
        is_pressed=True,
        code="ESSA 4,2,1\nLG 3,0(2)",
        end=FinalState(registers={3: 0, 4: state_byte("Uz")}, pages={"page1": "Sr"}),
    )


SECTION = CaseSection(
    "Page hinting: pages that the host takes",
    (*takings(), *takings_of_zeros(), *requests(), *accesses(), *given_up(), *discards()),
)
