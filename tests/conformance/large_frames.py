# SPDX-License-Identifier: GPL-2.0-or-later
"""Enhanced DAT: frames of 1 MB with keys of their own, their addresses, and protection in tables of regions."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import INFERRED, VERIFIED, Basis, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.prefixed import WITHOUT_PREFIX, prefix_word, with_prefix
from tools.conform.architecture.spaces import (
    COMMON_SEGMENT,
    INVALID,
    LARGE,
    NO_EXECUTION,
    PRIVATE,
    PROTECTED,
    TableLevel,
    TableSpace,
)

SOURCE = "PoP 3, Dynamic Address Translation, Enhanced-DAT Facility 1"
NEEDS = (facility(8),)
SENTINEL, CONTENT = 0x3333_3333_3333_3333, 0x7777_7777_7777_7777
KEYS_VALID, FETCH_PROTECTED = 1 << 16, 0x800
EDAT, EXECUTION, STORAGE_OVERRIDE, FETCH_OVERRIDE = 1 << 23, 1 << 20, 1 << 24, 1 << 25
CR0 = 0xE0
LEFT = (1 << 64) - 1
# The frame at zero, whose page1 is what is accessed, lies at this virtual address.
FRAME = 0x30_0000
PAGE1 = FRAME + 0x40000
STORE, FETCH = "STG 3,0(2)", "LG 3,0(2)"


def accessed(
    name: str,
    rule: str,
    space: TableSpace,
    instruction: str,
    *,
    code: Code | None = None,
    key: int = 0,
    cr0: int = EDAT,
    storage_key: int = 0,
    basis: Basis = VERIFIED,
    **fields: object,
) -> Case:
    """Page1 accessed by *instruction* in *space*, with the PSW key *key*; *code* is the exception, if there is one."""
    is_store = instruction.startswith("ST")
    is_permitted = code is None
    at = None if code is None else "bad" if code in (Code.SEGMENT_TRANSLATION, Code.PAGE_TRANSLATION) else "after"
    return Case(
        name=name,
        rule=rule,
        source=SOURCE,
        basis=basis,
        needs=NEEDS,
        mask=ADDRESSING_MODE | DAT | key << 52,
        controls={0: CR0 | cr0, 1: space.asce},
        storage=space.storage,
        registers={2: PAGE1, 3: SENTINEL},
        fill={"page1": CONTENT},
        keys={"page1": storage_key},
        code=f"bad: {instruction}\nafter: LGHI 15,1",
        events=() if code is None else (program(code, ilc=6, at=at, **fields),),  # type: ignore[arg-type]
        end=FinalState(
            registers={3: CONTENT if is_permitted and not is_store else SENTINEL, 15: int(is_permitted)},
            storage={"page1": SENTINEL if is_permitted and is_store else CONTENT},
        ),
    )


def framed(entry: int, *, asce: int = 0) -> TableSpace:
    return TableSpace(TableLevel.SEGMENT, flags=asce).set(TableLevel.SEGMENT, FRAME, LARGE | entry)


def keys() -> Iterator[Case]:
    rule = (
        "With ACC validity the access-control and fetch-protection bits of the segment-table entry take the place of "
        "the storage key."
    )
    # Access control and fetch protection of the entry, the access key, and what it may.
    for access_control, is_fetch_protected, key, stores, fetches in (
        (3, False, 3, True, True),
        (3, True, 3, True, True),
        (3, False, 5, False, True),
        (3, True, 5, False, False),
        (3, True, 0, True, True),
        (0, True, 5, False, False),
        (8, False, 9, False, True),
        (10, True, 2, False, False),
    ):
        entry = KEYS_VALID | access_control << 12 | (FETCH_PROTECTED if is_fetch_protected else 0)
        for instruction, is_permitted in ((STORE, stores), (FETCH, fetches)):
            yield accessed(
                f"key-{access_control:x}{'f' if is_fetch_protected else ''}-{key}-{instruction[:2].lower()}",
                rule,
                framed(entry),
                instruction,
                key=key,
                # What the key of the block would have: the opposite.
                storage_key=key << 4 | 8 if not is_permitted else 0xF8,
                code=None if is_permitted else Code.PROTECTION,
            )
    for instruction in (STORE, FETCH):
        yield accessed(
            f"key-not-valid-{instruction[:2].lower()}",
            "Without ACC validity the storage key counts.",
            framed(3 << 12),
            instruction,
            key=3,
            storage_key=0x58,
            code=Code.PROTECTION,
        )
        yield accessed(
            f"key-not-valid-matching-{instruction[:2].lower()}",
            "Without ACC validity the storage key counts.",
            framed(5 << 12 | FETCH_PROTECTED),
            instruction,
            key=3,
            storage_key=0x38,
        )
        yield accessed(
            f"key-override-{instruction[:2].lower()}",
            "Storage-protection override looks at the access-control bits that count.",
            framed(KEYS_VALID | 9 << 12 | FETCH_PROTECTED),
            instruction,
            key=3,
            cr0=EDAT | STORAGE_OVERRIDE,
            storage_key=0xF8,
        )
    yield accessed(
        "recorded",
        "Reference and change are recorded in the storage key.",
        framed(KEYS_VALID | 3 << 12),
        STORE,
        key=3,
        storage_key=0xF8,
    )
    space = framed(KEYS_VALID | 3 << 12)
    yield Case(
        name="recorded-key",
        rule="Reference and change are recorded in the storage key of the block, whose other bits stay.",
        source=SOURCE,
        basis=VERIFIED,
        needs=NEEDS,
        mask=ADDRESSING_MODE | DAT | 3 << 52,
        controls={0: CR0 | EDAT, 1: space.asce},
        storage=space.storage,
        registers={2: PAGE1, 3: SENTINEL, 4: PAGE1 + 0x1000},
        keys={"page1": 0xF8, "page2": 0xE0},
        code="STG 3,0(2)\nLG 5,0(4)",
        end=FinalState(keys={"page1": 0xFE, "page2": 0xE4}),
    )


def addresses() -> Iterator[Case]:
    ignored = "Without enhanced DAT the format control is ignored: there is a page table."
    small = TableSpace(TableLevel.SEGMENT).map(PAGE1, 0x40000).flag(TableLevel.SEGMENT, FRAME, LARGE)
    yield accessed("edat-off", ignored, small, FETCH, cr0=0)
    yield accessed(
        "edat-off-invalid",
        ignored,
        # Another page of that segment is there.
        TableSpace(TableLevel.SEGMENT).map(PAGE1 + 0x1000, 0x41000).flag(TableLevel.SEGMENT, FRAME, LARGE),
        FETCH,
        cr0=0,
        code=Code.PAGE_TRANSLATION,
    )
    protected = framed(PROTECTED)
    yield accessed("protected-store", "DAT protection in the entry.", protected, STORE, code=Code.PROTECTION)
    yield accessed("protected-fetch", "DAT protection does not stop a fetch.", protected, FETCH)
    yield accessed("invalid", "The invalid bit.", framed(INVALID), FETCH, code=Code.SEGMENT_TRANSLATION)
    yield accessed("common-segment", "A common segment in a space that is not private.", framed(COMMON_SEGMENT), FETCH)
    yield accessed(
        "common-segment-private",
        "A common segment in a private space is a translation-specification exception.",
        framed(COMMON_SEGMENT, asce=PRIVATE),
        FETCH,
        code=Code.TRANSLATION_SPECIFICATION,
    )
    yield accessed(
        "common-segment-private-invalid",
        "The invalid bit comes first.",
        framed(COMMON_SEGMENT | INVALID, asce=PRIVATE),
        FETCH,
        code=Code.SEGMENT_TRANSLATION,
    )
    for instruction in (STORE, FETCH):
        yield accessed(
            f"reserved-bits-{instruction[:2].lower()}",
            "Bits 44 to 46 of the entry are no part of the address of the frame.",
            framed(1 << 19 | 1 << 18 | 1 << 17),
            instruction,
            basis=INFERRED,
        )
    space = framed(0).map(0x12_3000, 0).map(0, 0)
    yield Case(
        name="absolute",
        rule="A frame of 1 MB has an absolute address, a page has a real one, to which prefixing is applied.",
        source=SOURCE,
        basis=VERIFIED,
        needs=NEEDS,
        controls={0: CR0 | EDAT, 1: space.asce},
        storage=space.storage
        | {
            "page16": prefix_word(0x42000),
            "page15": (ADDRESSING_MODE | DAT).to_bytes(8, "big"),
        },
        registers={2: FRAME + 0xE00, 3: 0x12_3E00},
        code=f"""
            LGHI 5,1
            STG 5,0xE00
            {with_prefix("page3")}
            LGHI 5,2
            STG 5,0xE00
            STOSM 0xE08,4
            LG 12,0(2)
            LG 13,0(3)
            STNSM 0xE08,0xFB
            {WITHOUT_PREFIX}
        """,
        end=FinalState(registers={12: 1, 13: 2}),
    )


def regions() -> Iterator[Case]:
    for level in (TableLevel.REGION_FIRST, TableLevel.REGION_SECOND, TableLevel.REGION_THIRD):
        name = level.name.lower().replace("_", "-")
        space = TableSpace(TableLevel.REGION_FIRST).map(PAGE1, 0x40000).flag(level, PAGE1, PROTECTED)
        yield accessed(
            f"{name}-protected",
            "With enhanced DAT the DAT-protection bit of a region-table entry protects the whole region.",
            space,
            STORE,
            code=Code.PROTECTION,
            teid=(PAGE1 & ~0xFFF | 0x04, LEFT & ~0xC73),
        )
        yield accessed(f"{name}-protected-fetch", "It does not stop a fetch.", space, FETCH)
        yield accessed(f"{name}-protected-edat-off", "Without enhanced DAT it is ignored.", space, STORE, cr0=0)
    for is_on, flags in ((False, NO_EXECUTION), (True, NO_EXECUTION), (True, 0)):
        space = framed(flags)
        is_protected = is_on and bool(flags)
        yield Case(
            name=f"execution-{'protected' if is_protected else 'not-said' if is_on else 'permitted'}",
            rule="With instruction-execution protection on, bit 55 of the entry of a frame of 1 MB stops instructions.",
            source="PoP 3, Instruction-Execution Protection",
            basis=VERIFIED,
            needs=(facility(8), facility(130)),
            mask=ADDRESSING_MODE | DAT,
            controls={0: CR0 | EDAT | (EXECUTION if is_on else 0), 1: space.asce},
            storage=space.storage | {"page1": bytes.fromhex("A73900070AFF")},
            registers={2: PAGE1},
            code="BCR 15,2",
            events=(program(Code.PROTECTION, ilc=None),) if is_protected else (),
            end=FinalState(registers={3: 0 if is_protected else 7}),
        )


def questions() -> Iterator[Case]:
    """TEST PROTECTION and LOAD REAL ADDRESS of such frames."""
    for name, entry, key, cc in (
        ("all", KEYS_VALID | 3 << 12, 3, 0),
        ("fetch", KEYS_VALID | 3 << 12, 5, 1),
        ("none", KEYS_VALID | 3 << 12 | FETCH_PROTECTED, 5, 2),
        ("storage-key", 3 << 12 | FETCH_PROTECTED, 5, 0),
        ("protected", PROTECTED, 0, 1),
        ("invalid", INVALID, 0, 3),
    ):
        space = framed(entry)
        yield Case(
            name=f"test-protection-{name}",
            rule="TEST PROTECTION looks at the access-control bits that count, and at DAT protection.",
            source="PoP 10, Test Protection; Enhanced-DAT Facility 1",
            basis=VERIFIED,
            needs=NEEDS,
            mask=ADDRESSING_MODE | DAT,
            controls={0: CR0 | EDAT, 1: space.asce},
            storage=space.storage,
            registers={2: PAGE1, 4: key << 4},
            keys={"page1": 0x50},
            code="TPROT 0(2),0(4)",
            end=FinalState(cc=cc),
        )
    space = framed(KEYS_VALID | 3 << 12)
    yield Case(
        name="load-real-address",
        rule="LOAD REAL ADDRESS gives the real address in the frame.",
        source="PoP 10, Load Real Address; Enhanced-DAT Facility 1",
        basis=VERIFIED,
        needs=NEEDS,
        mask=ADDRESSING_MODE | DAT,
        controls={0: CR0 | EDAT, 1: space.asce},
        storage=space.storage,
        registers={2: PAGE1 + 0x123, 3: SENTINEL},
        code="LRAG 3,0(2)",
        end=FinalState(cc=0, registers={3: 0x40123}),
    )
    yield Case(
        name="insert-virtual",
        rule="INSERT VIRTUAL STORAGE KEY gives the bits of the entry that count.",
        source="PoP 10, Insert Virtual Storage Key",
        basis=INFERRED,
        needs=NEEDS,
        mask=ADDRESSING_MODE | DAT,
        controls={0: CR0 | EDAT, 1: space.asce},
        storage=space.storage,
        registers={2: PAGE1, 3: SENTINEL},
        keys={"page1": 0x50},
        code="IVSK 3,2",
        end=FinalState(registers={3: SENTINEL & ~0xFF | 0x30}),
    )


SECTION = CaseSection("Enhanced DAT", (*keys(), *addresses(), *regions(), *questions()))
