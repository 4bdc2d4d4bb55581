# SPDX-License-Identifier: GPL-2.0-or-later
"""The same again: what has gone well once is checked, recorded and interrupted the next time, too."""

from __future__ import annotations

from collections.abc import Iterator

from emu.addresses import PAGE_SIZE
from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, EXTERNAL_MASK, PER
from tools.conform.architecture.case import (
    ANY_CONDITION_CODE,
    INFERRED,
    PAGING,
    VERIFIED,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    Going,
    external,
    program,
)
from tools.conform.architecture.page_states import state_byte
from tools.conform.architecture.spaces import PRIVATE, TableSpace

CONTENT = 0x7777_7777_7777_7777
CR0, EMERGENCY_MASK, ALTERATION, BRANCHING = 0xE0, 1 << 14, 1 << 29, 1 << 31
ALL = (1 << 64) - 1
LOW_ADDRESS, FETCH_OVERRIDE, SECONDARY_SPACE = 1 << 28, 1 << 25, 1 << 26
VIRTUAL = 0x12_3000
STORED, MOVED, OTHER = 0x3333_3333_3333_3333, 0x5555_5555_5555_5555, 0x6666_6666_6666_6666


def exceptions() -> Iterator[Case]:
    times = 20
    yield Case(
        name="exception",
        rule="An exception may be met at the same place again and again; each is an interruption.",
        source="PoP 6, Program Interruption",
        basis=VERIFIED,
        registers={2: times},
        code="again: LGHI 3,1\nDC X'0000'\nafter: AGHI 2,-1\nBRC 7,again",
        events=(program(Code.OPERATION, ilc=2, at="after", mask=(0, 0), going=Going.OLD),) * times,
        end=FinalState(registers={2: 0}),
    )
    limit = (1 << 24) - 1
    yield Case(
        name="late-exception",
        rule="That an address is odd is found when an instruction is to be fetched there, even the last one of the "
        "addressing mode: a pending interruption comes first.",
        source="PoP 6, Late Exception Recognition",
        basis=VERIFIED,
        controls={0: CR0 | EMERGENCY_MASK},
        registers={2: 0, 6: "page1"},
        storage={"page1": EXTERNAL_MASK.to_bytes(8, "big") + limit.to_bytes(8, "big")},
        code="SIGP 4,2,3\nLPSWE 0(6)",
        events=(external(0x1201, at=limit, mask=(EXTERNAL_MASK, ANY_CONDITION_CODE)),),
    )


def accesses() -> Iterator[Case]:
    event = {"ilc": 4, "per_code": 0x20, "going": Going.OLD, "mask": (0, 0)}
    yield Case(
        name="storage-alteration",
        rule="Each store into the designated area is an event.",
        source="PoP 4, Program-Event Recording, Storage Alteration",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | PER,
        controls={9: ALTERATION, 10: 0x40000, 11: 0x40FFF},
        registers={2: "page1"},
        code="STCTL 2,3,0(2)\nfirst: STCTL 2,3,8(2)\nsecond: LGHI 15,1",
        events=(
            program(Code.PER_EVENT, at="first", **event),  # type: ignore[arg-type]
            program(Code.PER_EVENT, at="second", **event),  # type: ignore[arg-type]
        ),
    )
    yield Case(
        name="storage-alteration-and-branches",
        rule="Each store into the designated area is an event, whatever else is one.",
        source="PoP 4, Program-Event Recording, Storage Alteration",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | PER,
        controls={9: ALTERATION | BRANCHING, 10: 0x40000, 11: 0x40FFF},
        registers={2: "page1"},
        code="STCTL 2,3,0(2)\nfirst: STCTL 2,3,8(2)\nsecond: LGHI 15,1",
        events=(
            program(Code.PER_EVENT, at="first", **event),  # type: ignore[arg-type]
            program(Code.PER_EVENT, at="second", **event),  # type: ignore[arg-type]
        ),
    )
    common = {
        "rule": "Another access key is held against the storage key, whatever has been permitted before.",
        "source": "PoP 3, Key-Controlled Protection; PoP 10, Move with Source Key, Move with Destination Key",
        "basis": VERIFIED,
        "keys": {"page1": 0x18, "page2": 0x20},
        "fill": {"page1": CONTENT, "page2": 0, "page2+8": 0},
    }
    for name, code, refused, moved in (
        ("source-key", "LCTL 2,3,0(4)\nLGHI 0,7\nLGHI 1,0x30\nMVCSK 0(6),0(4)", True, 0),
        ("source-key-permitted", "LCTL 2,3,0(4)\nLGHI 0,7\nLGHI 1,0x10\nMVCSK 0(6),0(4)", False, CONTENT),
        ("destination-key", "STCTL 2,3,0(6)\nLGHI 0,7\nLGHI 1,0x30\nMVCDK 0(6),0(4)", True, 0),
        (
            "two-source-keys",
            "LGHI 0,7\nLGHI 1,0x10\nMVCSK 0(6),0(4)\nLGHI 1,0x30\nMVCSK 8(6),0(4)",
            True,
            CONTENT,
        ),
        (
            "two-destination-keys",
            "LGHI 0,7\nLGHI 1,0x20\nMVCDK 0(6),0(4)\nLGHI 1,0x30\nMVCDK 8(6),0(4)",
            True,
            CONTENT,
        ),
    ):
        yield Case(
            name=name,
            registers={4: "page1", 6: "page2"},
            code=f"{code}\nafter: LGHI 15,1",
            events=(program(Code.PROTECTION, ilc=6, at="after"),) if refused else (),
            end=FinalState(storage={"page2": moved, "page2+8": 0}),
            **common,
        )
    yield Case(
        name="after-destination-key",
        rule="What one access key has been permitted says nothing of the key of the PSW.",
        source="PoP 3, Key-Controlled Protection; PoP 10, Move with Destination Key",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | 1 << 52,
        keys={"page2": 0x20},
        fill={"page1": CONTENT, "page2": 0},
        registers={0: 7, 1: 0x20, 4: "page1", 6: "page2"},
        code="MVCDK 0(6),0(4)\nSTCTL 2,3,0(6)\nafter: LGHI 15,1",
        events=(program(Code.PROTECTION, ilc=4, at="after"),),
        end=FinalState(storage={"page2": CONTENT}),
    )


def spaces() -> Iterator[Case]:
    """The same address in two spaces: page1 is what the primary space has there, page2 what the secondary one has."""
    primary = TableSpace().map(VIRTUAL, 0x40000).map(VIRTUAL + PAGE_SIZE, 0x42000)
    secondary = TableSpace(origin=0x60000).map(VIRTUAL, 0x41000).map(VIRTUAL + PAGE_SIZE, 0x43000)
    # What is recorded is executed in another way, which is left by the STNSM.
    for name, move, access, end in (
        ("primary", "MVCP 0(4,2),0(6),5", "STG 3,8(2)", {"page1": MOVED, "page2": OTHER, "page2+8": STORED}),
        ("secondary", "MVCS 0(4,6),0(2),5", "LG 8,0(2)", {"page1": CONTENT, "page4": CONTENT}),
    ):
        for kind, mask, code in (
            ("", 0, f"{access}\n{move}"),
            ("-before", 0, f"{move}\n{access}"),
            ("-recorded", PER, f"{move}\nSTNSM 0x100(6),0xBF\n{access}"),
        ):
            yield Case(
                name=f"move-to-{name}{kind}",
                rule="An operand in a space of its own is translated there, and another one at the same address in the "
                "space of the PSW, whichever comes first.",
                source="PoP 10, Move to Primary, Move to Secondary; PoP 3, Translation Modes",
                basis=VERIFIED,
                mask=ADDRESSING_MODE | DAT | 2 << 46 | mask,
                controls={0: CR0 | SECONDARY_SPACE, 1: primary.asce, 7: secondary.asce, 9: BRANCHING},
                storage=primary.storage | secondary.storage,
                registers={2: VIRTUAL, 3: STORED, 4: 8, 5: 0, 6: VIRTUAL + PAGE_SIZE, 8: OTHER},
                fill={"page1": CONTENT, "page2": OTHER, "page2+8": 0, "page4": MOVED},
                code=f"{code}\nLGHI 15,1",
                end=FinalState(storage=end, registers={8: OTHER, 15: 1}),
            )


def instructions() -> Iterator[Case]:
    """Page1 has LURAG 8,10 and BCR 15,7; its virtual address leads to page2, which has LURAG 9,10 and BCR 15,7."""
    space = TableSpace().map(0x40000, 0x41000).map(0x42000, 0x42000)
    on, off = "STOSM 0(6),0x04", "STNSM 0(6),0xFB"
    for name, code, end in (
        ("real-virtual", f"BASR 7,2\nLGHI 8,0\n{on}\nBASR 7,2", {8: 0, 9: CONTENT}),
        ("virtual-real", f"{on}\nBASR 7,2\nLGHI 9,0\n{off}\nBASR 7,2", {8: CONTENT, 9: 0}),
    ):
        yield Case(
            name=f"instruction-{name}",
            rule="An instruction address is real while DAT is off and virtual while it is on, whatever has been "
            "fetched before.",
            source="PoP 3, Translation Modes",
            basis=VERIFIED,
            controls={1: space.asce},
            storage=space.storage,
            registers={2: "page1", 6: "page3", 8: 0, 9: 0, 10: "page3+8"},
            fill={"page1": 0xB905_008A_07F7_0000, "page2": 0xB905_009A_07F7_0000, "page3+8": CONTENT},
            code=code,
            end=FinalState(registers=end),
        )


def low_addresses() -> Iterator[Case]:
    """The second store, or fetch, in a page of which the first part is protected, and the rest is not."""
    for name, flags in (("public", 0), ("private", PRIVATE)):
        space = TableSpace(flags=flags).map(0, 0x40000)
        is_protected = not flags
        for kind, code, ilc in (
            ("control", "STCTL 2,3,0x800\nSTCTL 2,3,0x100", 4),
            ("store", "STG 3,0x800\nSTG 3,0x100", 6),
        ):
            yield Case(
                name=f"low-address-{kind}-{name}",
                rule="A store into the first bytes of the page is stopped, whatever has been stored behind "
                "them, unless the space is private.",
                source="PoP 3, Low-Address Protection",
                basis=VERIFIED,
                mask=ADDRESSING_MODE | DAT,
                controls={0: CR0 | LOW_ADDRESS, 1: space.asce},
                storage=space.storage,
                code=f"{code}\nafter: LGHI 15,1",
                events=(program(Code.PROTECTION, ilc=ilc, at="after"),) if is_protected else (),
                end=FinalState(registers={15: int(not is_protected)}),
            )
        yield Case(
            name=f"fetch-override-{name}",
            rule="Fetch-protection override is for the first half of the page, and not of a private space.",
            source="PoP 3, Fetch-Protection-Override Control",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT | 1 << 52,
            controls={0: CR0 | FETCH_OVERRIDE, 1: space.asce},
            storage=space.storage,
            keys={"page1": 0x38},
            code="first: LG 3,0x700\nsecond: LG 3,0x800\nafter: LGHI 15,1",
            events=(program(Code.PROTECTION, ilc=6, at="second" if flags else "after"),),
            end=FinalState(registers={15: 0}),
        )


def frames() -> Iterator[Case]:
    yield Case(
        name="more-than-the-host-has",
        rule="An instruction that needs more pages than the host has at hand goes on when it has made room.",
        source="PoP 10, Perform Frame Management Function; Schwidefsky v7 cover letter (page-hinting reference 2.3)",
        basis=INFERRED,
        needs=(ZVM, PAGING),
        registers={2: 0x10_0000, 3: 0x1_1000},
        fill={0x10_0008: CONTENT, 0x1F_F008: CONTENT},
        code="PFMF 3,2\nLLILF 5,0x100000\nLLILF 6,0x1ff000\nLG 7,8(5)\nLG 8,8(6)",
        end=FinalState(registers={2: 0x20_0000, 7: 0, 8: 0}),
    )
    yield Case(
        name="prefix-area",
        rule="The host does not take the page that interruptions are stored in.",
        source="page-hinting reference 2.4",
        basis=INFERRED,
        needs=(ZVM, PAGING),
        registers={2: 0},
        is_pressed=True,
        code="ESSA 3,2,0",
        end=FinalState(registers={3: state_byte("Sr")}),
    )


SECTION = CaseSection(
    "The same again", (*exceptions(), *accesses(), *spaces(), *instructions(), *low_addresses(), *frames())
)
