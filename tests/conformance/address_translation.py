# SPDX-License-Identifier: GPL-2.0-or-later
"""Dynamic address translation: its exceptions at every level, DAT protection, large frames, execution protection."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import (
    PAGE_ADDRESS,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    Need,
    facility,
    program,
)
from tools.conform.architecture.source import Value
from tools.conform.architecture.spaces import (
    COMMON_SEGMENT,
    INVALID,
    LARGE,
    NO_EXECUTION,
    PAGE,
    PAGE_INVALID,
    PRIVATE,
    PROTECTED,
    REAL_SPACE,
    TableLevel,
    TableSpace,
)

WALK = "PoP 3, Dynamic Address Translation; Linux arch/s390/kvm/gaccess.c (architecture reference F3)"
VIRTUAL = 1 << 53 | 2 << 42 | 3 << 31 | 4 << 20 | 5 << 12
"""Index 1 in the region-first table, 2 in the next, then 3, 4, and 5 in the page table."""
CODES = {
    TableLevel.REGION_FIRST: Code.REGION_FIRST_TRANSLATION,
    TableLevel.REGION_SECOND: Code.REGION_SECOND_TRANSLATION,
    TableLevel.REGION_THIRD: Code.REGION_THIRD_TRANSLATION,
    TableLevel.SEGMENT: Code.SEGMENT_TRANSLATION,
    PAGE: Code.PAGE_TRANSLATION,
}
LEVELS = tuple(CODES)
NULLIFYING = frozenset(CODES.values()) | {Code.ASCE_TYPE}
PAGE_AND_SPACE = PAGE_ADDRESS | 3
SENTINEL = 0x3333_3333_3333_3333
CONTENT = 0x7777_7777_7777_7777
CR0 = 0xE0
EDAT = 1 << 63 - 40
EXECUTION_PROTECTION = 1 << 63 - 43
STORE, FETCH = 0x400, 0x800
DAT_PROTECTION, NO_EXECUTE = 0x04, 0x84
NOWHERE = 0x00F0_0000_0000_0000


def space(top: TableLevel = TableLevel.REGION_FIRST, *, flags: int = 0) -> TableSpace:
    """A space in which VIRTUAL, as far as the tables go, is page1."""
    return TableSpace(top, flags=flags).map(VIRTUAL, 0x40000)


def case(
    name: str,
    rule: str,
    tables: TableSpace,
    code: int | None,
    *,
    instruction: str = "LG 3,0(2)",
    address: int = VIRTUAL,
    cr0: int = CR0,
    teid: int | tuple[int, int] | None = None,
    ilc: int | None = 6,
    at: Value | None = None,
    needs: tuple[Need, ...] = (),
    end: FinalState | None = None,
) -> Case:
    """One instruction at the label bad, with DAT on; *code* None: it is executed."""
    fields = {} if teid is None else {"teid": teid}
    place = at or ("bad" if code in NULLIFYING else "after")
    is_store = instruction.startswith("STG")
    content = CONTENT if code is not None or not is_store else SENTINEL
    return Case(
        name=name,
        rule=rule,
        source=WALK,
        basis=VERIFIED,
        needs=needs,
        mask=ADDRESSING_MODE | DAT,
        controls={0: cr0, 1: tables.asce},
        registers={2: address, 3: SENTINEL},
        storage=tables.storage,
        fill={"page1": CONTENT},
        code=f"bad: {instruction}\nafter: LGHI 15,1",
        events=() if code is None else (program(code, ilc=ilc, at=place if ilc else at, **fields),),
        end=end
        or FinalState(
            registers={3: CONTENT if code is None and not is_store else SENTINEL, 15: int(code is None)},
            storage={"page1": content},
        ),
    )


def levels() -> Iterator[Case]:
    for level in LEVELS:
        name = "page" if level == PAGE else TableLevel(level).name.lower().replace("_", "-")
        invalid = PAGE_INVALID if level == PAGE else INVALID
        for kind, instruction, indication in (("fetch", "LG 3,0(2)", FETCH), ("store", "STG 3,0(2)", STORE)):
            yield case(
                f"invalid-{name}-{kind}",
                "An entry whose invalid bit is one is the translation exception of its level, which nullifies; the "
                "TEID has the page and the address space.",
                space().flag(level, VIRTUAL, invalid),
                CODES[level],
                instruction=instruction,
                teid=(VIRTUAL, PAGE_AND_SPACE),
            )
            yield case(
                f"invalid-{name}-{kind}-indication",
                "Bits 52-53 of the TEID say whether it was a fetch or a store.",
                space().flag(level, VIRTUAL, invalid),
                CODES[level],
                instruction=instruction,
                teid=VIRTUAL | indication,
                needs=(facility(75),),
            )
        yield case(
            f"invalid-{name}-instruction",
            "Of an instruction that is to be fetched it is the same: the old PSW points at it.",
            space().flag(level, VIRTUAL, invalid),
            CODES[level],
            instruction="BCR 15,2",
            ilc=None,
            at=VIRTUAL,
            teid=(VIRTUAL, PAGE_AND_SPACE),
            end=FinalState(registers={15: 0}),
        )
        if level == PAGE:
            continue
        yield case(
            f"wrong-type-{name}",
            "An entry whose table type is another's is a translation-specification exception, which suppresses.",
            space().set(level, VIRTUAL, 0x5F000 | (level ^ 1) << 2),
            Code.TRANSLATION_SPECIFICATION,
        )
        yield case(
            f"nowhere-{name}",
            "An entry that leads outside of storage is an addressing exception.",
            space().set(level, VIRTUAL, NOWHERE | level << 2 | (3 if level else 0)),
            Code.ADDRESSING,
        )
    yield case(
        "nowhere-page",
        "A page frame outside of storage is an addressing exception.",
        space().map(VIRTUAL, NOWHERE),
        Code.ADDRESSING,
    )
    yield case(
        "page-reserved-bit",
        "A page-table entry whose bit 52 is one is a translation-specification exception.",
        space().flag(PAGE, VIRTUAL, 0x800),
        Code.TRANSLATION_SPECIFICATION,
    )
    yield case(
        "invalid-before-specification",
        "The invalid bit is looked at before the table type and reserved bits.",
        space().flag(PAGE, VIRTUAL, 0x800 | PAGE_INVALID),
        Code.PAGE_TRANSLATION,
    )


def lengths() -> Iterator[Case]:
    for level in LEVELS[:-1]:
        name = TableLevel(level).name.lower().replace("_", "-")
        address = VIRTUAL | 0x400 << 20 + 11 * level
        yield case(
            f"length-{name}",
            "An index beyond the table length is the translation exception of the table's own level.",
            space(),
            CODES[level],
            address=address,
            teid=(address, PAGE_AND_SPACE),
        )
        if level != TableLevel.REGION_FIRST:
            above = TableLevel(level + 1)
            tables = space()
            yield case(
                f"offset-{name}",
                "An index before the table offset is the translation exception of the table's own level.",
                tables.flag(above, VIRTUAL, 0x40 | 3),
                CODES[level],
            )
    for top in (TableLevel.SEGMENT, TableLevel.REGION_THIRD, TableLevel.REGION_SECOND):
        name = top.name.lower().replace("_", "-")
        address = (VIRTUAL & (1 << 31 + 11 * top) - 1) | 1 << 31 + 11 * top
        yield case(
            f"asce-type-{name}",
            "Address bits left of what the highest table covers are an ASCE-type exception, which nullifies.",
            space(top),
            Code.ASCE_TYPE,
            address=address,
            teid=(address, PAGE_AND_SPACE),
        )
        yield case(
            f"asce-type-{name}-store",
            "Address bits left of what the highest table covers are an ASCE-type exception, which nullifies.",
            space(top),
            Code.ASCE_TYPE,
            instruction="STG 3,0(2)",
            address=address,
            teid=(address, PAGE_AND_SPACE),
        )
        yield case(
            f"asce-type-{name}-instruction",
            "Of an instruction that is to be fetched it is the same: the old PSW points at it.",
            space(top),
            Code.ASCE_TYPE,
            instruction="BCR 15,2",
            ilc=None,
            at=address,
            address=address,
            end=FinalState(registers={15: 0}),
        )
        yield case(
            f"translated-{name}",
            "An address that all tables lead to a frame is that place.",
            space(top),
            None,
            address=VIRTUAL & (1 << 31 + 11 * top) - 1,
        )
    yield case("translated-region-first", "An address that all tables lead to a frame is that place.", space(), None)


def protection() -> Iterator[Case]:
    for level, name, cr0, needs in (
        (PAGE, "page", CR0, ()),
        (TableLevel.SEGMENT, "segment", CR0, ()),
        (TableLevel.REGION_THIRD, "region-third", CR0 | EDAT, (facility(8),)),
        (TableLevel.REGION_SECOND, "region-second", CR0 | EDAT, (facility(8),)),
        (TableLevel.REGION_FIRST, "region-first", CR0 | EDAT, (facility(8),)),
    ):
        rule = "With the DAT-protection bit one in an entry stores are protected, and fetches are not."
        yield case(
            f"protected-{name}-store",
            rule,
            space().flag(level, VIRTUAL, PROTECTED),
            Code.PROTECTION,
            instruction="STG 3,0(2)",
            cr0=cr0,
            needs=needs,
            teid=(VIRTUAL | DAT_PROTECTION, PAGE_AND_SPACE | DAT_PROTECTION),
        )
        yield case(f"protected-{name}-fetch", rule, space().flag(level, VIRTUAL, PROTECTED), None, cr0=cr0, needs=needs)
        if cr0 != CR0:
            yield case(
                f"protected-{name}-without-edat",
                "With the EDAT control zero the protection bit of a region-table entry is ignored.",
                space().flag(level, VIRTUAL, PROTECTED),
                None,
                instruction="STG 3,0(2)",
                needs=needs,
            )
    yield case(
        "protected-teid",
        "The TEID of DAT protection has bit 61 one, and the store indication.",
        space().flag(PAGE, VIRTUAL, PROTECTED),
        Code.PROTECTION,
        instruction="STG 3,0(2)",
        teid=VIRTUAL | STORE | DAT_PROTECTION,
        needs=(facility(131), facility(75)),
    )
    yield case(
        "translation-before-protection",
        "A translation exception comes before DAT protection of a table above.",
        space().flag(TableLevel.SEGMENT, VIRTUAL, PROTECTED).flag(PAGE, VIRTUAL, PAGE_INVALID),
        Code.PAGE_TRANSLATION,
        instruction="STG 3,0(2)",
    )
    for name, cr0, flags, expected in (
        ("on", CR0 | EXECUTION_PROTECTION, NO_EXECUTION, Code.PROTECTION),
        ("control-zero", CR0, NO_EXECUTION, None),
    ):
        tables = space().flag(PAGE, VIRTUAL, flags)
        yield Case(
            name=f"execution-protection-{name}",
            rule="With its control one, instructions may not be fetched from a page whose bit 55 is one.",
            source="PoP 3, Instruction-Execution Protection; Linux arch/s390/kvm/gaccess.c",
            basis=VERIFIED,
            needs=(facility(130), facility(131), facility(75)),
            mask=ADDRESSING_MODE | DAT,
            controls={0: cr0, 1: tables.asce},
            registers={2: VIRTUAL},
            storage=tables.storage,
            # SVC 255
            fill={"page1": 0x0AFF << 48},
            code="BCR 15,2",
            events=()
            if expected is None
            else (program(expected, ilc=None, teid=(VIRTUAL | NO_EXECUTE, PAGE_AND_SPACE | NO_EXECUTE)),),
        )
        yield case(
            f"execution-protection-{name}-data",
            "Operands of such a page are accessed as any others.",
            tables,
            None,
            cr0=cr0,
            needs=(facility(130),),
        )


def large_frames() -> Iterator[Case]:
    big = 4 << 20 | VIRTUAL & ~0xFFFFF
    yield case(
        "large-segment",
        "With EDAT a segment-table entry whose format control is one maps a megabyte.",
        space().set(TableLevel.SEGMENT, VIRTUAL, LARGE),
        None,
        address=big & ~0xFFFFF | 0x40000,
        cr0=CR0 | EDAT,
        needs=(facility(8),),
    )
    yield case(
        "large-segment-protected",
        "Its protection bit protects all of it.",
        space().set(TableLevel.SEGMENT, VIRTUAL, LARGE | PROTECTED),
        Code.PROTECTION,
        instruction="STG 3,0(2)",
        address=big & ~0xFFFFF | 0x40000,
        cr0=CR0 | EDAT,
        needs=(facility(8),),
    )
    yield case(
        "common-segment-private",
        "A common segment in a private space is a translation-specification exception.",
        space(flags=PRIVATE).flag(TableLevel.SEGMENT, VIRTUAL, COMMON_SEGMENT),
        Code.TRANSLATION_SPECIFICATION,
    )
    yield case(
        "common-segment-public",
        "In any other space it is not.",
        space().flag(TableLevel.SEGMENT, VIRTUAL, COMMON_SEGMENT),
        None,
    )
    yield Case(
        name="real-space",
        rule="With the real-space control one in the ASCE virtual addresses are real ones.",
        source=WALK,
        basis=VERIFIED,
        mask=ADDRESSING_MODE | DAT,
        controls={1: REAL_SPACE},
        fill={"page1+8": CONTENT},
        code="LG 3,page1+8",
        end=FinalState(registers={3: CONTENT}),
    )


def spaces() -> Iterator[Case]:
    for name, control, control_register, number in (("secondary", 2, 7, 2), ("home", 3, 13, 3)):
        other = TableSpace(TableLevel.REGION_FIRST, origin=0x60000).flag(PAGE, 0x8000, 0)
        primary = space()
        yield Case(
            name=f"{name}-space",
            rule="Operands are translated by the space that the PSW names, whose number is in bits 62-63 of the TEID.",
            source="PoP 3, Translation Modes, Assigned Storage Locations",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT | control << 46,
            controls={1: primary.asce, control_register: other.asce},
            storage=primary.storage | other.storage,
            registers={2: VIRTUAL, 3: SENTINEL},
            code="bad: LG 3,0(2)\nafter: LGHI 15,1",
            events=(program(Code.REGION_FIRST_TRANSLATION, ilc=6, at="bad", teid=(VIRTUAL | number, PAGE_AND_SPACE)),),
        )


def instructions() -> Iterator[Case]:
    unmapped = VIRTUAL + 0x1000
    source = "PoP 3, Dynamic Address Translation; PoP 5, Interruptible Instructions and Ending of Instructions"
    for name, code, ilc, at, page in (
        ("fetch", "bad: BCR 15,6\nafter: LGHI 15,1", None, unmapped, unmapped),
        ("execute", "bad: EX 0,0(6)\nafter: LGHI 15,1", 4, "bad", unmapped),
        ("crossing-load", "bad: LG 3,0xFFC(2)\nafter: LGHI 15,1", 6, "bad", unmapped),
        ("crossing-store", "bad: STMG 8,9,0xFF8(2)\nafter: LGHI 15,1", 6, "bad", unmapped),
        ("crossing-move", "bad: MVC 0xFF8(16,2),0(2)\nafter: LGHI 15,1", 6, "bad", unmapped),
        ("compare-and-swap", "bad: CSG 8,9,0(6)\nafter: LGHI 15,1", 6, "bad", unmapped),
        ("load-control", "bad: LCTLG 9,9,0(6)\nafter: LGHI 15,1", 6, "bad", unmapped),
        ("load-psw", "bad: LPSWE 0(6)\nafter: LGHI 15,1", 4, "bad", unmapped),
    ):
        tables = space()
        yield Case(
            name=f"page-translation-{name}",
            rule="A page-translation exception nullifies, whatever meets it: nothing is changed.",
            source=source,
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={1: tables.asce},
            storage=tables.storage,
            registers={2: VIRTUAL, 3: SENTINEL, 6: unmapped, 8: SENTINEL, 9: SENTINEL},
            fill={"page1+0xff8": CONTENT},
            code=code,
            events=(program(Code.PAGE_TRANSLATION, ilc=ilc, at=at, teid=(page, PAGE_AND_SPACE)),),
            end=FinalState(registers={3: SENTINEL, 15: 0}, storage={"page1+0xff8": CONTENT}),
        )


SECTION = CaseSection(
    "Dynamic address translation",
    (
        *levels(),
        *lengths(),
        *protection(),
        *large_frames(),
        *spaces(),
        *instructions(),
    ),
)
