# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD REAL ADDRESS and TEST PROTECTION, which tell of translation by the condition code."""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState
from tools.conform.architecture.spaces import INVALID, PAGE, PAGE_INVALID, PROTECTED, TableLevel, TableSpace

ADDRESS = 3 << 31 | 4 << 20 | 5 << 12


def space() -> TableSpace:
    return TableSpace(TableLevel.REGION_THIRD).map(ADDRESS, 0x40000)


def questions() -> Iterator[Case]:
    tables = space()
    segment = tables.entry_address(TableLevel.SEGMENT, ADDRESS)
    page = tables.entry_address(PAGE, ADDRESS)
    common = {"source": "PoP 10, Load Real Address", "basis": VERIFIED, "mask": ADDRESSING_MODE | DAT}
    for name, changed, cc, value in (
        ("translated", tables, 0, 0x40008),
        ("segment-invalid", space().flag(TableLevel.SEGMENT, ADDRESS, INVALID), 1, segment),
        ("page-invalid", space().flag(PAGE, ADDRESS, PAGE_INVALID), 2, page),
    ):
        yield Case(
            name=f"load-real-address-{name}",
            rule="cc 0: the real address; cc 1, 2: that of the segment- or page-table entry that is invalid.",
            controls={1: changed.asce},
            storage=changed.storage,
            registers={2: ADDRESS},
            code="LRAG 3,8(2)",
            end=FinalState(registers={3: value}, cc=cc),
            **common,
        )
    first = TableSpace(TableLevel.REGION_FIRST).map(0, 0x40000)
    yield Case(
        name="load-real-address-first-entries",
        rule="The first entry of each table translates the first page.",
        controls={1: first.asce},
        storage=first.storage,
        registers={2: 0},
        code="LRAG 3,8(2)",
        end=FinalState(registers={3: 0x40008}, cc=0),
        **common,
    )
    yield Case(
        name="load-real-address-length",
        rule="cc 3: an index outside of its table; with the exception's code in R1 where that is more than 31 bits.",
        controls={1: tables.asce},
        storage=tables.storage,
        registers={2: ADDRESS | 0x400 << 31},
        code="LRAG 3,8(2)",
        end=FinalState(cc=3),
        **common,
    )
    for name, key, flags, access_key, cc in (
        ("both", 0x10, 0, 1, 0),
        ("fetch-only", 0x20, 0, 1, 1),
        ("neither", 0x28, 0, 1, 2),
        ("protected", 0x10, PROTECTED, 1, 1),
        ("not-translated", 0x10, PAGE_INVALID, 1, 3),
        ("key-zero", 0xF8, 0, 0, 0),
    ):
        changed = space().flag(PAGE, ADDRESS, flags)
        yield Case(
            name=f"test-protection-{name}",
            rule="cc 0: fetching and storing are permitted; 1: fetching only; 2: neither; 3: there is no translation.",
            source="PoP 10, Test Protection; Linux tools/testing/selftests/kvm/s390/tprot.c",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={1: changed.asce},
            storage=changed.storage,
            registers={2: ADDRESS, 4: access_key << 4},
            pages={},
            keys={"page1": key},
            code="TPROT 0(2),0(4)",
            end=FinalState(cc=cc),
        )


SECTION = CaseSection("Questions about translation", tuple(questions()))
