# SPDX-License-Identifier: GPL-2.0-or-later
"""Storage keys: the instructions that set and look at them, and reference and change recording."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.spaces import TableSpace

SENTINEL = 0x3333_3333_3333_3333
HIGH = SENTINEL & ~0xFF
MULTIPLE, MASK_CHANGE, MASK_REFERENCE = 1, 2, 4


def instructions() -> Iterator[Case]:
    for key in (0x00, 0x02, 0x04, 0x06, 0x08, 0x10, 0x9E, 0xF0, 0xFE, 0xFF):
        yield Case(
            name=f"set-and-insert-{key:02x}",
            rule="SET STORAGE KEY EXTENDED sets access control, fetch protection, reference and change; INSERT STORAGE "
            "KEY EXTENDED gives them in bits 56-62 with a zero behind, and changes no other bit.",
            source="PoP 10, Set Storage Key Extended, Insert Storage Key Extended",
            basis=VERIFIED,
            registers={2: "page1", 3: 0xFFFF_FF00 | key, 4: SENTINEL},
            code="SSKE 3,2\nISKE 4,2",
            end=FinalState(registers={3: 0xFFFF_FF00 | key, 4: HIGH | key & 0xFE}, keys={"page1": key & 0xFE}),
        )
    yield Case(
        name="set-one-block",
        rule="A key belongs to a block of 4K; bits 52-63 of the address are ignored.",
        source="PoP 3, Storage Key; PoP 10, Set Storage Key Extended",
        basis=VERIFIED,
        registers={2: "page2+0xfff", 3: 0x70},
        keys={"page1": 0x10, "page2": 0x20, "page3": 0x30},
        code="SSKE 3,2",
        end=FinalState(keys={"page1": 0x10, "page2": 0x70, "page3": 0x30}),
    )
    for key in (0x30, 0x32, 0x34, 0x36):
        yield Case(
            name=f"reset-reference-{key & 6}",
            rule="RESET REFERENCE BIT EXTENDED makes the reference bit zero; cc tells reference and change as before.",
            source="PoP 10, Reset Reference Bit Extended",
            basis=VERIFIED,
            registers={2: "page1"},
            keys={"page1": key},
            code="RRBE 0,2",
            end=FinalState(cc=key >> 1 & 3, keys={"page1": key & ~4}),
        )
    yield Case(
        name="reset-references-multiple",
        rule="RESET REFERENCE BITS MULTIPLE puts the reference bits of 64 blocks in R1, and makes them zero.",
        source="PoP 10, Reset Reference Bits Multiple",
        basis=VERIFIED,
        needs=(facility(66),),
        registers={2: "page1", 3: SENTINEL},
        keys={"page1": 0x04, "page2": 0x32, "page3": 0x36},
        code="RRBM 3,2",
        end=FinalState(registers={3: 0xA000 << 48}, keys={"page1": 0x00, "page2": 0x32, "page3": 0x32}),
    )
    for name, before, wanted, mask, cc in (
        ("equal", 0x32, 0x32, MASK_REFERENCE, 0),
        ("reference-differs", 0x36, 0x32, MASK_REFERENCE, 0),
        # The bit that differs may be set alone, with cc 2, or the whole key with cc 1.
        ("change-differs", 0x30, 0x32, MASK_REFERENCE, None),
        ("change-ignored", 0x30, 0x32, MASK_REFERENCE | MASK_CHANGE, 0),
        ("access-differs", 0x40, 0x32, MASK_REFERENCE | MASK_CHANGE, 1),
        ("fetch-differs", 0x38, 0x30, MASK_REFERENCE | MASK_CHANGE, 1),
    ):
        yield Case(
            name=f"conditional-{name}",
            rule="With MR or MC one the key is set only if it differs in what is not masked; bits 48-55 of R1 "
            "get the key before.",
            source="PoP 10, Set Storage Key Extended (page-hinting reference 8.2)",
            basis=VERIFIED,
            needs=(facility(10),),
            registers={2: "page1", 3: 0xFFFF_0000 | wanted},
            keys={"page1": before},
            code=f"SSKE 3,2,{mask}",
            end=FinalState(
                cc=cc,
                registers={3: 0xFFFF_0000 | before << 8 | wanted},
                keys={"page1": before if cc == 0 else wanted},
            ),
        )
    for name, mask, cc in (("multiple-blocks", MULTIPLE, 2), ("multiple-conditional", MULTIPLE | MASK_CHANGE, 3)):
        yield Case(
            name=name,
            rule="With MB one the keys up to the next megabyte are set, and R2 is that address; cc 3 with MR "
            "or MC, else it stays.",
            source="PoP 10, Set Storage Key Extended; Linux arch/s390/kvm/priv.c handle_sske",
            basis=VERIFIED,
            needs=(facility(8), facility(10)),
            mask=ADDRESSING_MODE | 2 << 44,
            registers={2: 0xFE000, 3: 0x50},
            keys={0xFD000: 0x10, 0xFE000: 0x20, 0xFF000: 0x20, 0x100000: 0x30},
            code=f"SSKE 3,2,{mask}",
            end=FinalState(
                cc=cc, registers={2: 0x100000}, keys={0xFD000: 0x10, 0xFE000: 0x50, 0xFF000: 0x50, 0x100000: 0x30}
            ),
        )
    for name, flags, key, content in (
        ("set-key", 0x2_0070, 0x70, SENTINEL),
        ("clear", 0x1_0070, None, 0),
        ("both", 0x3_0070, 0x70, 0),
        ("neither", 0x0_0070, 0x10, SENTINEL),
    ):
        yield Case(
            name=f"frame-management-{name}",
            rule="PERFORM FRAME MANAGEMENT FUNCTION sets the key, and clears the frame, where R1 says so.",
            source="PoP 10, Perform Frame Management Function (page-hinting reference 8.2)",
            basis=VERIFIED,
            needs=(facility(8),),
            registers={2: "page1", 3: flags},
            fill={"page1+8": SENTINEL},
            keys={"page1": 0x10},
            code="PFMF 3,2",
            end=FinalState(keys={} if key is None else {"page1": key}, storage={"page1+8": content}),
        )
    for name, value in (("reserved-left", 0x400_0000), ("reserved-right", 1), ("size", 0x4000)):
        yield Case(
            name=f"frame-management-{name}",
            rule="Reserved bits of R1, and sizes that are not assigned, are a specification exception.",
            source="PoP 10, Perform Frame Management Function (page-hinting reference 8.2)",
            basis=VERIFIED,
            needs=(facility(8),),
            registers={2: "page1", 3: value},
            code="PFMF 3,2\nafter: LGHI 15,1",
            events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
        )
    space = TableSpace().map(0x12_3000, 0x40000)
    yield Case(
        name="insert-virtual",
        rule="INSERT VIRTUAL STORAGE KEY gives access control and fetch protection of a page, with zeros for "
        "bits 61-63.",
        source="PoP 10, Insert Virtual Storage Key",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | DAT,
        controls={1: space.asce},
        storage=space.storage,
        registers={2: 0x12_3000, 3: SENTINEL},
        keys={"page1": 0x5E},
        code="IVSK 3,2",
        end=FinalState(registers={3: HIGH | 0x58}, keys={"page1": 0x5E}),
    )
    yield Case(
        name="test-block",
        rule="TEST BLOCK clears a usable block: cc 0, and register 0 is zero.",
        source="PoP 10, Test Block",
        basis=VERIFIED,
        registers={0: 0, 2: "page1"},
        fill={"page1": SENTINEL, "page1+0xff8": SENTINEL},
        code="TB 0,2",
        end=FinalState(cc=0, registers={0: 0}, storage={"page1": 0, "page1+0xff8": 0}),
    )


# What is accessed in page1, whose address is in register 2, and what of its key is one then.
RECORDED = (
    ("load", "LG 3,0(2)", 0x04),
    ("load-character", "IC 3,0xFFF(2)", 0x04),
    ("store", "STG 3,0(2)", 0x06),
    ("store-character", "STC 3,0xFFF(2)", 0x06),
    ("test-under-mask", "TM 0(2),1", 0x04),
    ("move-immediate", "MVI 0(2),1", 0x06),
    ("or-zero", "OI 0(2),0", 0x06),
    ("compare", "CLC 0(8,2),0(4)", 0x04),
    ("move-from", "MVC 0(8,4),0(2)", 0x04),
    ("move-to", "MVC 0(8,2),0(4)", 0x06),
    ("crossing-load", "LG 3,0xFFC(6)", 0x04),
    ("crossing-store", "STG 3,0xFFC(6)", 0x06),
    ("load-multiple", "LMG 8,9,0(2)", 0x04),
    ("store-multiple", "STMG 8,9,0(2)", 0x06),
    ("test-and-set", "TS 0(2)", 0x06),
    ("swap", "CSG 8,9,0(2)", 0x06),
    ("execute", "EX 0,0(2)", 0x04),
    ("load-real", "LURAG 3,2", 0x04),
    ("store-real", "STURG 3,2", 0x06),
    ("load-control", "LCTLG 2,2,0(2)", 0x04),
    ("store-control", "STCTG 2,2,0(2)", 0x06),
    ("store-clock", "STCK 0(2)", 0x06),
    ("load-address", "LA 3,0(2)", 0x00),
    ("insert-key", "ISKE 3,2", 0x00),
    ("test-protection", "TPROT 0(2),0", 0x00),
    ("shift", "SLLG 3,3,0(2)", 0x00),
    ("monitor-call", "MC 0(2),0", 0x00),
)


def recording() -> Iterator[Case]:
    for name, code, key in RECORDED:
        yield Case(
            name=f"recorded-{name}",
            rule="A fetch makes the reference bit one, a store both; what only forms the address makes neither.",
            source="PoP 3, Reference Recording, Change Recording",
            basis=VERIFIED,
            registers={2: "page2", 4: "page3", 6: "page1", 8: 0, 9: 0},
            # BCR 0,0 for the execute instruction.
            fill={"page2": 0x0700 << 48, "page3": 0},
            keys={"page2": 0x00},
            code=code if "CSG" not in code else f"LLILH 8,0\nIIHH 8,0x0700\nSSKE 7,2\n{code}",
            end=FinalState(keys={"page2": key}),
        )
    yield Case(
        name="recorded-instruction-fetch",
        rule="Fetching an instruction makes the reference bit one.",
        source="PoP 3, Reference Recording",
        basis=VERIFIED,
        registers={2: "page2"},
        fill={"page2": 0x0AFF << 48},
        keys={"page2": 0x50},
        code="BCR 15,2",
        end=FinalState(keys={"page2": 0x54}),
    )
    for name, key, code in (("access-control", 0x50, "STG 3,0(2)"), ("fetch-protection", 0x58, "LG 3,0(2)")):
        yield Case(
            name=f"recording-keeps-{name}",
            rule="Recording changes neither access control nor fetch protection.",
            source="PoP 3, Reference Recording, Change Recording",
            basis=VERIFIED,
            registers={2: "page2"},
            keys={"page2": key},
            code=code,
            end=FinalState(keys={"page2": key | (6 if "STG" in code else 4)}),
        )


SECTION = CaseSection("Storage keys", (*instructions(), *recording()))
