# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that cross pages or end at one, and questions about protection and keys, row by row."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE
from tools.conform.architecture.case import INFERRED, VERIFIED, ZVM, Case, CaseSection, FinalState, program
from tools.conform.architecture.spaces import PAGE_INVALID, PROTECTED, TableLevel, TableSpace

FETCH_SOURCE = "PoP 5, Instruction Fetching; PoP 6, Access Exceptions"
VIRTUAL = 0x12_2000
SENTINEL = 0x3333_3333_3333_3333
# BCR 0,0; LGHI 3,7; LLILF 3,7; what comes behind them is SVC 255.
INSTRUCTIONS = {2: ("0700", {}), 4: ("A7390007", {3: 7}), 6: ("C03F00000007", {3: 7})}
LEFT = ~0xFFF & (1 << 64) - 1


def placed(offset: int, length: int, *, first: int = 0x40000, second: int = 0x42000) -> dict[int | str, int | bytes]:
    """An instruction of *length* bytes that begins at *offset* of page *first* and may go on in page *second*."""
    code = bytes.fromhex(INSTRUCTIONS[length][0] + "0AFF")
    room = 0x1000 - offset
    return {place: part for place, part in ((first + offset, code[:room]), (second, code[room:])) if part}


def crossing() -> Iterator[Case]:
    space = TableSpace().map(VIRTUAL, 0x40000).map(VIRTUAL + 0x1000, 0x42000)
    for length, offset in ((2, 0xFFE), (4, 0xFFC), (4, 0xFFE), (6, 0xFFA), (6, 0xFFC), (6, 0xFFE)):
        registers = INSTRUCTIONS[length][1]
        yield Case(
            name=f"crossing-{length}-{offset:x}",
            rule="An instruction may cross pages, which need not lie side by side in storage.",
            source=FETCH_SOURCE,
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={1: space.asce},
            storage=space.storage | placed(offset, length),
            registers={2: VIRTUAL + offset},
            code="BCR 15,2",
            end=FinalState(registers=registers, at=VIRTUAL + offset + length + 2),
        )
        whole = placed(offset, length)
        missing = TableSpace().map(VIRTUAL, 0x40000)
        fits = offset + length <= 0x1000
        at = VIRTUAL + (0x1000 if fits else offset)
        yield Case(
            name=f"crossing-{length}-{offset:x}-translation",
            rule="A translation exception of any part of an instruction is one of that instruction, and of no other.",
            source=FETCH_SOURCE,
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={1: missing.asce},
            storage=missing.storage | {place: part for place, part in whole.items() if place != 0x42000},
            registers={2: VIRTUAL + offset, 3: SENTINEL},
            code="BCR 15,2",
            events=(program(Code.PAGE_TRANSLATION, ilc=None, at=at, teid=(VIRTUAL + 0x1000, LEFT)),),
            end=FinalState(registers={3: registers.get(3, SENTINEL) if fits else SENTINEL}),
        )
        yield Case(
            name=f"crossing-{length}-{offset:x}-discarded",
            rule="An instruction a part of which is in a discarded page is a discard fault; one that ends before it is "
            "executed.",
            source="Schwidefsky v7 patch 6/6 (page-hinting reference 2.4, 3.1)",
            basis=INFERRED,
            needs=(ZVM,),
            storage={place: part for place, part in placed(offset, length, second=0x41000).items() if place != 0x41000},
            pages={"page2": "Vz"},
            registers={2: 0x40000 + offset, 3: SENTINEL},
            code="BCR 15,2",
            events=(
                program(Code.DISCARD_FAULT, ilc=None, at=0x41000 if fits else 0x40000 + offset, teid=(0x41000, LEFT)),
            ),
            end=FinalState(registers={3: registers.get(3, SENTINEL) if fits else SENTINEL}),
        )
    top = 0xFF_F000
    wrapped = TableSpace(TableLevel.SEGMENT).map(top, 0x40000).map(0, 0x42000)
    for length, offset in ((4, 0xFFE), (6, 0xFFC), (6, 0xFFE)):
        yield Case(
            name=f"wrapping-{length}-{offset:x}",
            rule="Instruction addresses wrap around: behind the last one comes zero.",
            source="PoP 5, Address Wraparound",
            basis=VERIFIED,
            mask=DAT,
            controls={1: wrapped.asce},
            storage=wrapped.storage | placed(offset, length),
            registers={2: top + offset},
            code="BCR 15,2",
            end=FinalState(registers=INSTRUCTIONS[length][1], at=offset + length + 2 - 0x1000),
        )


def operands() -> Iterator[Case]:
    space = TableSpace().map(VIRTUAL, 0x40000).map(VIRTUAL + 0x1000, 0x42000)
    first, second = 0x1111_2222, 0x5566_7788
    common = {
        "rule": "The parts of an operand that crosses pages lie where these are, and nothing beside them is touched.",
        "source": "PoP 3, Dynamic Address Translation; PoP 10, Load Control, Store Control",
        "basis": VERIFIED,
        "mask": ADDRESSING_MODE | DAT,
        "storage": space.storage,
        "registers": {2: VIRTUAL + 0xFFC},
    }
    yield Case(
        name="crossing-store-control",
        controls={1: space.asce, 2: first, 3: second},
        fill={"page2": SENTINEL, "page3": SENTINEL},
        code="STCTL 2,3,0(2)",
        end=FinalState(
            storage={
                "page1+0xff8": (first, 0xFFFF_FFFF),
                "page2": SENTINEL,
                "page3": second << 32 | SENTINEL & 0xFFFF_FFFF,
            }
        ),
        **common,
    )
    yield Case(
        name="crossing-load-control",
        controls={1: space.asce},
        fill={"page1+0xff8": first, "page2": SENTINEL, "page3": second << 32},
        code="LCTL 2,3,0(2)",
        end=FinalState(controls={2: first, 3: second}),
        **common,
    )


def override_end() -> Iterator[Case]:
    for length, address in ((2, 0x7FE), (4, 0x7FC), (6, 0x7FA), (4, 0x7FE), (6, 0x7FC), (6, 0x7FE)):
        fits = address + length <= 0x800
        yield Case(
            name=f"fetch-override-end-{length}-{address:x}",
            rule="Fetch-protection override ends at 2047: what of an instruction lies behind is protected.",
            source="PoP 3, Fetch-Protection-Override Control",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | 2 << 52,
            controls={0: 0xE0 | 1 << 25},
            keys={0: 0x18},
            storage={address: bytes.fromhex(INSTRUCTIONS[length][0])},
            registers={2: address, 3: SENTINEL},
            code="BCR 15,2",
            # A protection exception is suppressed; how long the instruction is taken for is left open.
            events=(program(Code.PROTECTION, ilc=None, teid=(0, LEFT)),),
            end=FinalState(registers={3: INSTRUCTIONS[length][1].get(3, SENTINEL) if fits else SENTINEL}),
        )


CR0, LOW, STORAGE_OVERRIDE, FETCH_OVERRIDE, EXTRACTION = 0xE0, 1 << 28, 1 << 24, 1 << 25, 1 << 27
# Address, storage key, bits of control register 0, access key, and the condition code.
QUESTIONS = (
    ("both", "page1", 0x10, 0, 1, 0),
    ("high-key", "page1", 0x90, 0, 9, 0),
    ("high-bit", "page1", 0x10, 0, 9, 1),
    ("high-bit-fetch", "page1", 0x18, 0, 9, 2),
    ("low-zero", 0x0, 0x00, LOW, 0, 1),
    ("low-511", 0x1FF, 0x00, LOW, 0, 1),
    ("low-512", 0x200, 0x00, LOW, 0, 0),
    ("low-4096", 0x1000, 0x00, LOW, 0, 1),
    ("low-4607", 0x11FF, 0x00, LOW, 0, 1),
    ("low-4608", 0x1200, 0x00, LOW, 0, 0),
    ("low-fetch-protected", 0x100, 0x18, LOW, 2, 2),
    ("fetch-override", 0x400, 0x18, FETCH_OVERRIDE, 2, 1),
    ("fetch-override-end", 0x800, 0x18, FETCH_OVERRIDE, 2, 2),
    ("storage-override", "page1", 0x98, STORAGE_OVERRIDE, 2, 0),
    ("storage-override-other", "page1", 0x88, STORAGE_OVERRIDE, 2, 2),
    ("storage-override-off", "page1", 0x98, 0, 2, 2),
)


def questions() -> Iterator[Case]:
    source = "PoP 10, Test Protection; PoP 3, Protection"
    for name, address, storage_key, cr0, key, cc in QUESTIONS:
        yield Case(
            name=f"test-protection-{name}",
            rule="TEST PROTECTION takes both overrides and low-address protection into account; cc 0: fetching and "
            "storing are permitted; 1: fetching only; 2: neither.",
            source=source,
            basis=VERIFIED,
            controls={0: CR0 | cr0},
            registers={2: address, 4: key << 4},
            keys={address if isinstance(address, str) else address & ~0xFFF: storage_key},
            code="TPROT 0(2),0(4)",
            end=FinalState(cc=cc),
        )
    yield Case(
        name="test-protection-nowhere",
        rule="An address outside of storage is an addressing exception.",
        source=source,
        basis=VERIFIED,
        registers={2: "nowhere"},
        code="TPROT 0(2),0\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=6, at="after"),),
    )
    # The table-type bits of the segment-table entry are wrong.
    wrong = TableSpace().map(VIRTUAL, 0x40000).flag(TableLevel.SEGMENT, VIRTUAL, 0x4)
    nowhere = TableSpace().map(VIRTUAL, 0x00F0_0000_0000_0000)
    protected = TableSpace().map(VIRTUAL, 0x40000, PROTECTED)
    missing = TableSpace().map(VIRTUAL, 0x40000, PAGE_INVALID)
    common = {"source": "PoP 10, Insert Virtual Storage Key", "basis": VERIFIED}
    for name, tables, code, ilc, at in (
        ("specification", wrong, Code.TRANSLATION_SPECIFICATION, 4, "after"),
        ("nowhere", nowhere, Code.ADDRESSING, 4, "after"),
        ("missing", missing, Code.PAGE_TRANSLATION, 4, "bad"),
    ):
        yield Case(
            name=f"insert-virtual-{name}",
            rule="INSERT VIRTUAL STORAGE KEY has the access exceptions of a fetch, except protection.",
            mask=ADDRESSING_MODE | DAT,
            controls={1: tables.asce},
            storage=tables.storage,
            registers={2: VIRTUAL},
            code="bad: IVSK 3,2\nafter: LGHI 15,1",
            events=(program(code, ilc=ilc, at=at),),
            **common,
        )
    yield Case(
        name="test-protection-specification",
        rule="Of translation exceptions only translation specification is one.",
        source=source,
        basis=VERIFIED,
        mask=ADDRESSING_MODE | DAT,
        controls={1: wrong.asce},
        storage=wrong.storage,
        registers={2: VIRTUAL},
        code="TPROT 0(2),0\nafter: LGHI 15,1",
        events=(program(Code.TRANSLATION_SPECIFICATION, ilc=6, at="after"),),
    )
    for name, key in (("high", 0xF8), ("low", 0x18)):
        yield Case(
            name=f"insert-virtual-protected-{name}",
            rule="Neither fetch protection nor DAT protection keeps the key from being given.",
            mask=ADDRESSING_MODE | DAT | 2 << 52,
            controls={1: protected.asce},
            storage=protected.storage,
            registers={2: VIRTUAL, 3: SENTINEL},
            keys={"page1": key},
            code="IVSK 3,2",
            end=FinalState(registers={3: SENTINEL & ~0xFF | key}),
            **common,
        )
    yield Case(
        name="insert-virtual-real",
        rule="With DAT off INSERT VIRTUAL STORAGE KEY is a special-operation exception.",
        registers={2: "page1"},
        code="IVSK 3,2\nafter: LGHI 15,1",
        events=(program(Code.SPECIAL_OPERATION, ilc=4, at="after"),),
        **common,
    )
    mapped = TableSpace().map(VIRTUAL, 0x40000)
    for name, cr0 in (("permitted", EXTRACTION), ("refused", 0)):
        yield Case(
            name=f"insert-virtual-problem-{name}",
            rule="In the problem state it needs the extraction-authority control.",
            mask=ADDRESSING_MODE | DAT | PROBLEM_STATE,
            controls={0: CR0 | cr0, 1: mapped.asce},
            storage=mapped.storage,
            registers={2: VIRTUAL, 3: SENTINEL},
            keys={"page1": 0x56},
            code="IVSK 3,2\nafter: LGHI 15,1",
            events=() if cr0 else (program(Code.PRIVILEGED_OPERATION, ilc=4, at="after"),),
            end=FinalState(registers={3: SENTINEL & ~0xFF | 0x50 if cr0 else SENTINEL}),
            **common,
        )
    for name, code in (("iske", "ISKE 3,2"), ("sske", "SSKE 3,2"), ("rrbe", "RRBE 0,2"), ("tb", "TB 0,2")):
        yield Case(
            name=f"{name}-nowhere",
            rule="An address outside of storage is an addressing exception.",
            source="PoP 10, Control Instructions; PoP 6, Addressing Exception",
            basis=VERIFIED,
            registers={2: "nowhere", 3: 0x30},
            code=f"{code}\nafter: LGHI 15,1",
            events=(program(Code.ADDRESSING, ilc=4, at="after"),),
        )


SECTION = CaseSection("Boundaries and questions", (*crossing(), *operands(), *override_end(), *questions()))
