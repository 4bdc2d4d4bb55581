# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-event recording: what is stored of modes and spaces, ranges to the byte, and spaces whose stores count."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, PER
from tools.conform.architecture.case import INFERRED, VERIFIED, Case, CaseSection, FinalState, program
from tools.conform.architecture.spaces import TableLevel, TableSpace

SOURCE = "PoP 4, Program-Event Recording (architecture reference B)"
BRANCH, FETCH, STORE, STORE_REAL, TARGET, SPACES = 1 << 31, 1 << 30, 1 << 29, 1 << 27, 1 << 23, 1 << 21
EVERYWHERE = {10: 0, 11: (1 << 64) - 1}
ALTERATION = 0x80
"""Bit 56 of an address-space-control element: stores into this space are events."""
ON = ADDRESSING_MODE | PER
SECONDARY, HOME = 2 << 46, 3 << 46
VIRTUAL = 0x12_3000


def spaces(*, primary: int = 0, secondary: int = 0, home: int = 0) -> tuple[dict[int, int], dict]:
    """Control registers and tables of three spaces, with the same page; the flags of each."""
    tables = [
        TableSpace(TableLevel.SEGMENT, flags=flags, origin=origin).map(VIRTUAL, 0x40000)
        for flags, origin in ((primary, 0x58000), (secondary, 0x60000), (home, 0x68000))
    ]
    storage: dict[int | str, int | bytes] = {}
    for each in tables:
        storage |= each.storage
    return {1: tables[0].asce, 7: tables[1].asce, 13: tables[2].asce}, storage


# The mask of the PSW; the mode that is stored with a fetching event, and with a store.
MODES = (
    ("24-bit", 0, 0x40, 0x40),
    ("31-bit", BASIC_ADDRESSING, 0x60, 0x60),
    ("64-bit", ADDRESSING_MODE, 0xE0, 0xE0),
    ("24-bit-dat", DAT, 0x50, 0x50),
    ("31-bit-dat", BASIC_ADDRESSING | DAT, 0x70, 0x70),
    ("64-bit-dat", ADDRESSING_MODE | DAT, 0xF0, 0xF0),
    ("secondary", ADDRESSING_MODE | DAT | SECONDARY, 0xF8, 0xFA),
    ("home", ADDRESSING_MODE | DAT | HOME, 0xFC, 0xFF),
)


def modes() -> Iterator[Case]:
    controls, storage = spaces()
    for name, mask, fetched, stored in MODES:
        common = {"source": SOURCE, "basis": VERIFIED, "mask": mask | PER, "storage": storage}
        address = VIRTUAL if mask & DAT else 0x40000
        yield Case(
            name=f"fetch-{name}",
            rule="The mode that is stored has addressing mode, DAT and space; no space of a store.",
            controls=controls | {9: FETCH, 10: 0x8000, 11: 0x8000},
            code="here: LGHI 14,1\nafter: LGHI 15,1",
            events=(
                program(
                    Code.PER_EVENT, ilc=4, at="after", per_code=0x40, per_address="here", per_mode=fetched, per_access=0
                ),
            ),
            **common,
        )
        yield Case(
            name=f"store-{name}",
            rule="With a store into the area comes the space that it was into.",
            controls=controls | {9: STORE, 10: address, 11: address + 7},
            registers={2: address},
            code="here: STG 3,0(2)\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here", per_mode=stored),),
            **common,
        )
        yield Case(
            name=f"branch-{name}",
            rule="The mode is that of the instruction, with a branch, too.",
            controls=controls | {9: BRANCH},
            code="here: BRC 15,target\nLGHI 14,1\ntarget: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=4, at="target", per_code=0x80, per_address="here", per_mode=fetched),),
            **common,
        )
    yield Case(
        name="mode-before",
        rule="The mode is that at the beginning of the instruction, whatever it sets.",
        source=SOURCE,
        basis=VERIFIED,
        mask=ON,
        controls={9: FETCH, 10: 0x8000, 11: 0x8000},
        code="here: SAM31\nafter: LGHI 15,1",
        events=(
            program(
                Code.PER_EVENT,
                ilc=2,
                at="after",
                mask=BASIC_ADDRESSING | PER,
                per_code=0x40,
                per_address="here",
                per_mode=0xE0,
            ),
        ),
    )


def alteration_spaces() -> Iterator[Case]:
    common = {
        "rule": "With the storage-alteration-space control a store is an event only if the space says so, with DAT on.",
        "source": SOURCE,
        "basis": VERIFIED,
    }
    rows = (
        # The control, the flags of the spaces, the mask, and whether the store is an event.
        ("said", SPACES, {"primary": ALTERATION}, 0, True),
        ("not-said", SPACES, {"secondary": ALTERATION, "home": ALTERATION}, 0, False),
        ("secondary-said", SPACES, {"secondary": ALTERATION}, SECONDARY, True),
        ("secondary-not-said", SPACES, {"primary": ALTERATION, "home": ALTERATION}, SECONDARY, False),
        ("home-said", SPACES, {"home": ALTERATION}, HOME, True),
        ("home-not-said", SPACES, {"primary": ALTERATION, "secondary": ALTERATION}, HOME, False),
        ("off", 0, {}, 0, True),
    )
    for name, control, flags, space, is_event in rows:
        controls, storage = spaces(**flags)
        yield Case(
            name=f"space-{name}",
            mask=ON | DAT | space,
            controls=controls | {9: STORE | control, 10: VIRTUAL, 11: VIRTUAL},
            storage=storage,
            registers={2: VIRTUAL},
            code="here: STG 3,0(2)\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),) if is_event else (),
            end=FinalState(registers={15: int(not is_event)}),
            **common,
        )
    yield Case(
        name="space-real",
        mask=ON,
        controls={9: STORE | SPACES, 10: 0x40000, 11: 0x40000},
        registers={2: "page1"},
        code="here: STG 3,0(2)\nafter: LGHI 15,1",
        events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),),
        **common,
    )


def ranges() -> Iterator[Case]:
    last = (1 << 64) - 1
    common = {"source": SOURCE, "basis": VERIFIED}
    rows = (
        # The area, and whether a store of the eight bytes from 40010 hex on is in it.
        ("last-byte", 0x40017, 0x40017, True),
        ("first-byte", 0x40010, 0x40010, True),
        ("inner-byte", 0x40013, 0x40013, True),
        ("around", 0x40000, 0x40FFF, True),
        ("before", 0x4000F, 0x4000F, False),
        ("behind", 0x40018, 0x40018, False),
        ("to-zero", 0, 0, False),
        ("wrap-start", 0x40017, 0x3000, True),
        ("wrap-start-behind", 0x40018, 0x3000, False),
        ("wrap-end", last, 0x40010, True),
        ("wrap-end-before", last, 0x4000F, False),
        ("wrap-all", 0x40013, 0x40012, True),
        ("whole", 0, last, True),
    )
    for name, start, end, is_event in rows:
        yield Case(
            name=f"range-{name}",
            rule="A store is an event if any of its bytes is in the area, whose ends both count, and which wraps "
            "around if its end is lower than its start.",
            mask=ON,
            controls={9: STORE, 10: start, 11: end},
            registers={2: 0x40010},
            code="here: STG 3,0(2)\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),) if is_event else (),
            end=FinalState(registers={15: int(not is_event)}),
            **common,
        )
    top = 0xFF_F000
    tables = TableSpace(TableLevel.SEGMENT).map(top, 0x40000).map(0, 0x41000)
    for name, start, end, is_event in (
        ("first-part", 0xFF_FFFF, 0xFF_FFFF, True),
        ("second-part", 3, 3, True),
        ("second-part-start", 0, 0, True),
        ("between", 4, 0xFF_FFFB, False),
        ("beyond", 0x100_0000, 0x100_0003, False),
    ):
        yield Case(
            name=f"address-wraps-{name}",
            rule="A store that goes on at address zero alters the bytes there.",
            mask=DAT | PER,
            controls={1: tables.asce, 9: STORE, 10: start, 11: end},
            storage=tables.storage,
            registers={2: 0xFF_FFFC},
            code="here: STG 3,0(2)\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),) if is_event else (),
            end=FinalState(registers={15: int(not is_event)}),
            **common,
        )
    for name, start, end, is_event in (
        ("first-part", 0xFF_FFFF, 0xFF_FFFF, True),
        ("second-part", 7, 7, True),
        ("second-part-start", 0, 0, True),
        ("between", 8, 0xFF_FFF7, False),
    ):
        yield Case(
            name=f"control-wraps-{name}",
            rule="A store that goes on at address zero alters the bytes there.",
            mask=DAT | PER,
            controls={1: tables.asce, 9: STORE, 10: start, 11: end},
            storage=tables.storage,
            registers={2: 0xFF_FFF8},
            code="here: STCTG 2,3,0(2)\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x20, per_address="here"),) if is_event else (),
            end=FinalState(registers={15: int(not is_event)}),
            **common,
        )
    for name, controls, is_event in (
        ("execute", (0x8000, 0x8000), True),
        ("target", (0x9000, 0x9001), True),
        ("neither", (0x9002, 0x9004), False),
    ):
        yield Case(
            name=f"execute-fetch-{name}",
            rule="The execute instruction and its target are both fetched; the PER address is that of the first.",
            mask=ON,
            controls={9: FETCH, 10: controls[0], 11: controls[1]},
            parts={0x9000: "there: LGHI 14,1"},
            code="here: EXRL 0,there\nafter: LGHI 15,1",
            events=(program(Code.PER_EVENT, ilc=6, at="after", per_code=0x40, per_address="here"),) if is_event else (),
            **common,
        )
    for name, event in (("alone", STORE), ("without-alteration", STORE_REAL)):
        yield Case(
            name=f"store-real-{name}",
            rule="A store by a real address is an event only if both bits ask for it, and is no storage alteration.",
            source=f"{SOURCE}; sources disagree (architecture reference H)",
            basis=INFERRED,
            mask=ON,
            controls={9: event} | EVERYWHERE,
            registers={2: "page1"},
            code="here: STURG 3,2\nafter: LGHI 15,1",
            end=FinalState(registers={15: 1}),
        )
    for name, code in (("set-key", "SSKE 3,2"), ("test-block", "TB 0,2"), ("compare-unequal", "CSG 4,5,0(2)")):
        yield Case(
            name=f"no-alteration-{name}",
            rule="What stores nothing at a logical address is no storage alteration.",
            source=SOURCE,
            basis=INFERRED,
            mask=ON,
            controls={9: STORE} | EVERYWHERE,
            registers={0: 0, 2: "page1", 3: 0x30, 4: 5},
            fill={"page1": 1},
            code=f"{code}\nLGHI 15,1",
            end=FinalState(registers={15: 1}),
        )


SECTION = CaseSection("Program-event recording: modes and areas", (*modes(), *alteration_spaces(), *ranges()))
