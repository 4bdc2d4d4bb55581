# SPDX-License-Identifier: GPL-2.0-or-later
"""Lengths and offsets of DAT tables, in units of 512 entries, at every level; and entries that protect nothing."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.spaces import LARGE, PAGE, TableLevel, TableSpace

SOURCE = "PoP 3, Dynamic Address Translation, Region-Table and Segment-Table Lengths and Offsets"
SENTINEL = 0x3333_3333_3333_3333
ORIGIN, UNUSED = 0x58000, 0x70000
QUARTER = 512
CR0, EDAT = 0xE0, 1 << 23


def chain(level: TableLevel, index: int, *, offset: int, length: int) -> tuple[int, dict[int | str, int | bytes]]:
    """Tables of one entry each, for the address whose only index above that of its page is *index* at *level*.

    The table of *level* begins at ORIGIN; it is the highest one unless its *offset* is not zero, when the table above
    says where it begins.

    :return: the address-space-control element, and the storage.
    """
    top = level if not offset else TableLevel(level + 1)
    storage: dict[int | str, int | bytes] = {}
    put = storage.__setitem__
    page_table, below = UNUSED, UNUSED + 0x1000
    put(page_table + 8 * 0x40, 0x40000)
    # From the segment table up to the table below that of *level*.
    origin = page_table
    for each in range(level):
        put(below + 0x1000 * each, origin | (each << 2))
        origin = below + 0x1000 * each
    put(ORIGIN + 8 * index, origin | level << 2)
    if offset:
        above = below + 0x6000
        put(above, ORIGIN | offset << 6 | length | top << 2)
        return above | top << 2, storage
    return ORIGIN | top << 2 | length, storage


# The offset and the length of the table, an index, and whether it is in the table.
ROWS = (
    ("last-of-one", 0, 0, QUARTER - 1, True),
    ("first-behind-one", 0, 0, QUARTER, False),
    ("last-behind-one", 0, 0, 2 * QUARTER - 1, False),
    ("second-of-two", 0, 1, QUARTER, True),
    ("first-behind-two", 0, 1, 2 * QUARTER, False),
    ("fourth-of-four", 0, 3, 4 * QUARTER - 1, True),
    ("offset", 1, 1, QUARTER, True),
    ("before-offset", 1, 1, QUARTER - 1, False),
    ("behind-offset", 1, 1, 2 * QUARTER, False),
    ("offset-two", 2, 3, 2 * QUARTER, True),
    ("before-offset-two", 2, 3, 2 * QUARTER - 1, False),
)


def lengths() -> Iterator[Case]:
    for level in TableLevel:
        for name, offset, length, index, is_inside in ROWS:
            if offset and level is TableLevel.REGION_FIRST:
                continue
            address = index << level.shift | 0x40000
            asce, storage = chain(level, index, offset=offset, length=length)
            yield Case(
                name=f"{level.name.lower().replace('_', '-')}-{name}",
                rule="An index outside of what offset and length of a table say is a translation exception, here cc 3; "
                "what lies there is not looked at.",
                source=SOURCE,
                basis=VERIFIED,
                mask=ADDRESSING_MODE,
                controls={1: asce},
                storage=storage,
                registers={2: address, 3: SENTINEL},
                # The translation is asked for, so that the code itself needs none.
                code="LRAG 3,0(2)",
                end=FinalState(cc=0 if is_inside else 3, registers={3: 0x40000} if is_inside else {}),
            )


def unprotected() -> Iterator[Case]:
    for level in (TableLevel.REGION_FIRST, TableLevel.REGION_SECOND, TableLevel.REGION_THIRD):
        space = TableSpace(level).map(0x30_0000, 0x40000)
        yield Case(
            name=f"{level.name.lower().replace('_', '-')}-unprotected",
            rule="With enhanced DAT a region whose entry has no protection bit may be stored into.",
            source="PoP 3, Enhanced-DAT Facility 1",
            basis=VERIFIED,
            needs=(facility(8),),
            mask=ADDRESSING_MODE | DAT,
            controls={0: CR0 | EDAT, 1: space.asce},
            storage=space.storage,
            registers={2: 0x30_0000, 3: SENTINEL},
            code="STG 3,0(2)",
            end=FinalState(storage={"page1": SENTINEL}),
        )


VIRTUAL = 0x12_3000
SOFTWARE = "PoP 3, Translation Tables; Linux arch/s390/include/asm/pgtable.h (bits that software uses)"
TOP_BIT = 1 << 63


def space() -> TableSpace:
    return TableSpace(TableLevel.REGION_THIRD).map(VIRTUAL, 0x40000)


# The level, and bits of its entry that translation ignores.
IGNORED = (
    ("page", PAGE, 0xFF),
    ("segment", TableLevel.SEGMENT, 0x3),
    ("segment-bit-53", TableLevel.SEGMENT, 0x400),
    ("region-bit-52", TableLevel.REGION_THIRD, 0x800),
    ("region-bit-53", TableLevel.REGION_THIRD, 0x400),
)


def bits() -> Iterator[Case]:
    common = {"basis": VERIFIED, "mask": ADDRESSING_MODE | DAT, "registers": {2: VIRTUAL, 3: SENTINEL}}
    for name, level, flags in IGNORED:
        tables = space().flag(level, VIRTUAL, flags)
        yield Case(
            name=f"ignored-{name}",
            rule="Bits of an entry that are not assigned are ignored.",
            source=SOFTWARE,
            controls={1: tables.asce},
            storage=tables.storage,
            code="STG 3,0(2)",
            end=FinalState(storage={"page1": SENTINEL}),
            **common,
        )
    for name, flags in (("bit-52", 0x800), ("bit-53", 0x400)):
        tables = space()
        yield Case(
            name=f"ignored-designation-{name}",
            rule="Bits of an address-space-control element that are not assigned are ignored.",
            source=SOFTWARE,
            controls={1: tables.asce | flags},
            storage=tables.storage,
            code="STG 3,0(2)",
            end=FinalState(storage={"page1": SENTINEL}),
            **common,
        )
    for name, level in (("page", PAGE), ("segment", TableLevel.SEGMENT), ("region", TableLevel.REGION_THIRD)):
        tables = space().map(VIRTUAL, 0x40000).map(VIRTUAL + (1 << 31), 0x40000)
        where = VIRTUAL if level == PAGE else VIRTUAL + (1 << 31)
        tables.flag(level, where, TOP_BIT)
        yield Case(
            name=f"nowhere-{name}",
            rule="All bits of an origin or a frame are an address: a table or page outside of storage is an addressing "
            "exception.",
            source="PoP 3, Dynamic Address Translation; PoP 6, Addressing Exception",
            controls={1: tables.asce},
            storage=tables.storage,
            code="bad: STG 3,0(2)\nafter: LGHI 15,1",
            events=(program(Code.ADDRESSING, ilc=6, at="after"),),
            **common | {"registers": {2: where, 3: SENTINEL}},
        )
    tables = space()
    yield Case(
        name="nowhere-designation",
        rule="A table outside of storage is an addressing exception, of LOAD REAL ADDRESS, too.",
        source="PoP 10, Load Real Address; PoP 6, Addressing Exception",
        basis=VERIFIED,
        controls={1: tables.asce | TOP_BIT},
        storage=tables.storage,
        registers={2: VIRTUAL},
        code="bad: LRAG 3,0(2)\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=6, at="after"),),
    )
    large = TableSpace(TableLevel.SEGMENT).set(TableLevel.SEGMENT, 0x30_0000, TOP_BIT | LARGE)
    yield Case(
        name="nowhere-large",
        rule="All bits of the frame of 1 MB are an address.",
        source="PoP 3, Enhanced-DAT Facility 1; PoP 6, Addressing Exception",
        needs=(facility(8),),
        controls={0: CR0 | EDAT, 1: large.asce},
        storage=large.storage,
        code="bad: STG 3,0(2)\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=6, at="after"),),
        **common | {"registers": {2: 0x34_0000, 3: SENTINEL}},
    )


SECTION = CaseSection("Lengths and bits of DAT tables", (*lengths(), *unprotected(), *bits()))
