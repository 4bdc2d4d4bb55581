# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that access a page for the first time, which is recorded, and again, which does the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility
from tools.conform.architecture.spaces import LARGE, TableLevel, TableSpace

ALL, MASK_32 = (1 << 64) - 1, (1 << 32) - 1
# Of a clock comparator, bits that every model keeps.
KEPT = ALL << 12 & ALL
OLD = 0x0123_4567_89AB_CDEF
FIRST, SECOND = 0x1111_2222_3333_4444, 0x5555_6666_7777_8888
RULE = "An instruction does the same whether its page was accessed before or not."
ENHANCED_DAT = 1 << 63 - 40
FETCHED, STORED = 0x34, 0x36
# Instructions that access one page, by register 8, and its key then if it was 30 hex.
ACCESSES = {
    "stctg": ("STCTG 2,2,0(8)", STORED),
    "stctl": ("STCTL 2,2,0(8)", STORED),
    "lctlg": ("LCTLG 2,2,0(8)", FETCHED),
    "lctl": ("LCTL 2,2,0(8)", FETCHED),
    "stap": ("STAP 0(8)", STORED),
    "stidp": ("STIDP 0(8)", STORED),
    "stpx": ("STPX 0(8)", STORED),
    "stfle": ("LGHI 0,0\nSTFLE 0(8)", STORED),
    "stck": ("STCK 0(8)", STORED),
    "stckf": ("STCKF 0(8)", STORED),
    "stcke": ("STCKE 0(8)", STORED),
    "stpt": ("STPT 0(8)", STORED),
    "stckc": ("STCKC 0(8)", STORED),
    "sckc": ("SCKC 0(8)", FETCHED),
    "stnsm": ("STNSM 0(8),0xFF", STORED),
    "stosm": ("STOSM 0(8),0", STORED),
    "sturg": ("STURG 3,8", STORED),
    "stura": ("STURA 3,8", STORED),
    "lurag": ("LURAG 3,8", FETCHED),
    "lura": ("LURA 3,8", FETCHED),
    "stoc": ("LTGR 5,3\nSTOC 3,0(8),2", STORED),
    "stocg": ("LTGR 5,3\nSTOCG 3,0(8),2", STORED),
    "stocfh": ("LTGR 5,3\nSTOCFH 3,0(8),2", STORED),
}
BY_REAL_ADDRESS = {"sturg", "stura", "lurag", "lura"}
CONDITIONAL = {"stoc": (facility(45),), "stocg": (facility(45),), "stocfh": (facility(53),)}
FILL = {"page1": OLD} | {f"page1+{8 * place}": OLD for place in range(1, 5)}
VIRTUAL, OTHER, FRAME = 0x12_3000, 0x2_3000, 0x30_0000
SPACE = TableSpace().map(VIRTUAL, 0x40000)
LARGE_FRAME = TableSpace(TableLevel.SEGMENT).set(TableLevel.SEGMENT, FRAME, LARGE)


def stored(first: int, second: int, third: int = OLD) -> dict[str, int]:
    return {"page1": first, "page1+8": second, "page1+16": third}


def stored_words(first: int, second: int) -> dict[str, int]:
    """A word each, at the left end of what was there: bits 32-63 of *first* and *second*."""
    return stored(*((value & MASK_32) << 32 | OLD & MASK_32 for value in (first, second)))


def case(name: str, code: str, source: str, **end: object) -> Case:
    """*code* with page1 in register 8, page2 in 9, and in 3 and 4 what control registers 2 and 3 have."""
    return Case(
        name=name,
        rule=RULE,
        source=f"PoP {source}",
        basis=VERIFIED,
        registers={3: FIRST, 4: SECOND, 8: "page1", 9: "page2"},
        fill=FILL,
        controls={2: FIRST, 3: SECOND},
        code=code,
        end=FinalState(**end),  # type: ignore[arg-type]
    )


def controls() -> Iterator[Case]:
    source = "10, Store Control, Load Control"
    yield case("stctg", "STCTG 2,2,0(8)\nSTCTG 3,3,8(8)", source, storage=stored(FIRST, SECOND))
    yield case("stctl", "STCTL 2,2,0(8)\nSTCTL 3,3,8(8)", source, storage=stored_words(FIRST, SECOND))
    loads = "STG 3,0(9)\nSTG 4,8(9)\n"
    yield case("lctlg", f"{loads}LCTLG 3,3,0(9)\nLCTLG 2,2,8(9)", source, controls={2: SECOND, 3: FIRST})
    yield case(
        "lctl",
        f"{loads}LCTL 3,3,0(9)\nLCTL 2,2,8(9)",
        source,
        controls={3: SECOND & ~MASK_32 | FIRST >> 32, 2: FIRST & ~MASK_32 | SECOND >> 32},
    )


def identification() -> Iterator[Case]:
    yield case(
        "stap", "STAP 0(8)\nSTAP 2(8)\nLLGH 5,0(8)\nLLGH 6,2(8)\nSGR 5,6", "10, Store CPU Address", registers={5: 0}
    )
    yield case("stidp", "STIDP 0(8)\nSTIDP 8(8)\nLG 5,0(8)\nXG 5,8(8)", "10, Store CPU ID", registers={5: 0})
    yield case("stpx", "STPX 0(8)\nSTPX 8(8)", "10, Store Prefix", storage=stored_words(0, 0))
    yield case(
        "stfle",
        "LGHI 0,0\nSTFLE 0(8)\nLGHI 0,0\nSTFLE 8(8)\nLG 5,0(8)\nXG 5,8(8)",
        "7, Store Facility List Extended",
        registers={5: 0},
        storage={"page1+16": OLD},
    )


def clocks() -> Iterator[Case]:
    source = "7, Store Clock, Store Clock Fast, Store Clock Extended; 10, Store CPU Timer, Store Clock Comparator"
    for mnemonic in ("STCK", "STCKF"):
        yield case(
            mnemonic.lower(),
            f"{mnemonic} 0(8)\n{mnemonic} 8(8)\nLGHI 7,0\nLG 5,8(8)\nCLG 5,0(8)\nBRC 4,low\nLGHI 7,1\nlow: LGR 5,7",
            source,
            registers={7: 1},
            storage={"page1+16": OLD},
        )
    yield case(
        "stcke",
        "LGHI 0,0x1234\nSCKPF\nSTCKE 0(8)\nLGHI 0,0x5678\nSCKPF\nSTCKE 16(8)",
        source,
        storage={"page1+8": (0x1234, 0xFFFF), "page1+24": (0x5678, 0xFFFF), "page1+32": OLD},
    )
    yield case(
        "stpt",
        "STPT 0(8)\nSTPT 8(8)\nLGHI 7,0\nLG 5,0(8)\nCG 5,8(8)\nBRC 4,low\nLGHI 7,1\nlow: LGR 5,7",
        source,
        registers={7: 1},
        storage={"page1+16": OLD},
    )
    yield case(
        "sckc",
        "STG 3,0(9)\nSTG 4,8(9)\nSCKC 0(9)\nSTCKC 0(8)\nSCKC 8(9)\nSTCKC 8(8)",
        source,
        storage={"page1": (FIRST & KEPT, KEPT), "page1+8": (SECOND & KEPT, KEPT), "page1+16": OLD},
    )


def masks() -> Iterator[Case]:
    source = "10, Store Then And System Mask, Store Then Or System Mask, Set System Mask"
    yield case(
        "stnsm",
        "STNSM 0(8),0xFF\nSTNSM 1(8),0xFF",
        source,
        storage={"page1": OLD & (1 << 48) - 1},
    )
    yield case("stosm", "STOSM 2(8),0\nSTOSM 3(8),0", source, storage={"page1": OLD & ~(0xFFFF << 32)})
    yield case("ssm", "STG 3,0(9)\nMVI 0(9),0\nMVI 1(9),0\nSSM 0(9)\nSSM 1(9)\nSTNSM 7(8),0xFF", source)


def conditions() -> Iterator[Case]:
    source = "7, Store on Condition, Store High on Condition"
    for mnemonic, storage in (
        ("STOC", stored_words(FIRST, SECOND)),
        ("STOCG", stored(FIRST, SECOND)),
        ("STOCFH", stored_words(FIRST >> 32, SECOND >> 32)),
    ):
        code = f"LTGR 5,3\n{mnemonic} 3,0(8),2\n{mnemonic} 4,8(8),2\n{mnemonic} 4,16(8),4"
        name = mnemonic.lower()
        yield replace(case(name, code, source, storage=storage), needs=CONDITIONAL[name])


def real_addresses() -> Iterator[Case]:
    source = "10, Store Using Real Address, Load Using Real Address"
    yield case("sturg", "STURG 3,8\nLA 8,8(8)\nSTURG 4,8", source, storage=stored(FIRST, SECOND))
    yield case("stura", "STURA 3,8\nLA 8,8(8)\nSTURA 4,8", source, storage=stored_words(FIRST, SECOND))
    yield case(
        "lurag", "STG 3,0(8)\nSTG 4,8(8)\nLURAG 5,8\nLA 8,8(8)\nLURAG 6,8", source, registers={5: FIRST, 6: SECOND}
    )


def updates() -> Iterator[Case]:
    source = "7, Compare Double and Swap; 10, Compare and Swap and Purge"
    yield case(
        "cdsg",
        "STG 3,0(8)\nSTG 4,8(8)\nLGR 2,3\nLGR 3,4\nLGHI 4,1\nLGHI 5,2\nCDSG 2,4,0(8)\nLGHI 2,1\nLGHI 3,2\n"
        "LGHI 4,3\nLGHI 5,4\nCDSG 2,4,0(8)",
        source,
        cc=0,
        storage=stored(3, 4),
    )
    yield case(
        "cspg",
        "STG 3,0(8)\nLGR 4,3\nLGHI 5,1\nLGR 6,8\nCSPG 4,6\nLGHI 4,1\nLGHI 5,2\nCSPG 4,6",
        source,
        cc=0,
        storage={"page1": 2},
    )


def recording() -> Iterator[Case]:
    for name, (code, key) in ACCESSES.items():
        yield Case(
            name=f"recorded-{name}",
            rule="The first access to a page sets its reference bit, and a store its change bit, too.",
            source="PoP 3, Reference Recording, Change Recording",
            basis=VERIFIED,
            needs=CONDITIONAL.get(name, ()),
            registers={3: FIRST, 8: "page1"},
            fill=FILL,
            keys={"page1": 0x30},
            code=code,
            end=FinalState(keys={"page1": key}),
        )


def through_tables() -> Iterator[Case]:
    """The same accesses by virtual addresses, of which each table has another index, and by one of low storage."""
    places = {level: sum((5 + each) << each.shift for each in TableLevel if each <= level) for level in TableLevel}
    kinds = [(level.name.lower().replace("_", "-"), level, place + 0x3000) for level, place in places.items()]
    for kind, level, address in (*kinds, ("low-storage", TableLevel.REGION_THIRD, 0x1000)):
        # The entry beside the one of the highest table leads to another page.
        space = TableSpace(level).map(address, 0x40000).map(address ^ 1 << level.shift, 0x41000)
        for name, (code, key) in ACCESSES.items():
            if name in BY_REAL_ADDRESS:
                continue
            yield Case(
                name=f"{kind}-{name}",
                rule="The operand of a control instruction is translated through all tables of its address space.",
                source="PoP 3, Translation Process",
                basis=VERIFIED,
                needs=CONDITIONAL.get(name, ()),
                mask=ADDRESSING_MODE | DAT,
                controls={1: space.asce, 2: FIRST, 3: SECOND},
                storage=space.storage,
                registers={3: FIRST, 8: address},
                fill=FILL | {"page2": OLD},
                keys={"page1": 0x30, "page2": 0x30},
                code=code,
                end=FinalState(storage={"page2": OLD}, keys={"page1": key, "page2": 0x30}),
            )


def enhanced_translation() -> Iterator[Case]:
    """Page1 in a segment with a page table, and in a frame of 1 MB."""
    segment = "A segment-table entry with a format control of zero designates a page table with EDAT as without."
    frame = "A segment-table entry with a format control of one is a frame of 1 MB."
    for place, rule, space, address in (
        ("segment", segment, SPACE, VIRTUAL),
        ("frame", frame, LARGE_FRAME, FRAME + 0x40000),
    ):
        for name, code in (("stctg", "STCTG 2,2,0(2)\nSTCTG 3,3,8(2)"), ("stg", "STG 3,0(2)\nSTG 4,8(2)")):
            yield Case(
                name=f"enhanced-dat-{place}-{name}",
                rule=rule,
                source="PoP 3, Segment-Table Entries",
                basis=VERIFIED,
                needs=(facility(8),),
                mask=ADDRESSING_MODE | DAT,
                controls={0: 0xE0 | ENHANCED_DAT, 1: space.asce, 2: FIRST, 3: SECOND},
                storage=space.storage,
                registers={2: address, 3: FIRST, 4: SECOND},
                fill=FILL,
                # Not that of the page which has the address in its megabyte.
                keys={"page1": 0x30, OTHER: 0x20},
                code=code,
                end=FinalState(storage=stored(FIRST, SECOND), keys={"page1": 0x36, OTHER: 0x20}),
            )


SECTION = CaseSection(
    "Instructions on a page for the first time, and again",
    (
        *controls(),
        *identification(),
        *clocks(),
        *masks(),
        *conditions(),
        *real_addresses(),
        *updates(),
        *recording(),
        *through_tables(),
        *enhanced_translation(),
    ),
)
