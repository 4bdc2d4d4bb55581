# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys and frames by the block and by the megabyte: ranges, addresses, conditions, and what protects them."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING
from tools.conform.architecture.case import (
    INFERRED,
    VERIFIED,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    facility,
    program,
)

PFMF = "PoP 10, Perform Frame Management Function; Linux arch/s390/kvm/priv.c handle_pfmf (page-hinting reference 8.2)"
SSKE = "PoP 10, Set Storage Key Extended; Linux arch/s390/kvm/priv.c handle_sske (page-hinting reference 8.2)"
EDAT, CONDITIONAL, NONQUIESCING, MULTIPLE_REFERENCES = facility(8), facility(10), facility(14), facility(66)
SENTINEL = 0x3333_3333_3333_3333
HIGH = 0x1234_5678_0000_0000
SET_KEY, CLEAR, USAGE, MEGABYTE = 0x2_0000, 0x1_0000, 0x8000, 0x1000
QUICK, MASK_REFERENCE, MASK_CHANGE = 0x800, 0x400, 0x200
LOW_ADDRESS = 0xE0 | 1 << 28
"""Control register 0, with low-address protection on."""
# The last megabyte of the two that there are, by its first and its last blocks, and the block before it.
BEFORE, FIRST, SECOND, LAST = 0xFF000, 0x100000, 0x101000, 0x1FF000
RANGE_KEYS = {BEFORE: 0x10, FIRST: 0x20, SECOND: 0x20, LAST: 0x20}
EMPTY = {place + 8: SENTINEL for place in RANGE_KEYS}


def management(name: str, rule: str, r1: int, **more: object) -> Case:
    """PFMF with register 3 as its first operand and 2 as its second."""
    values = {
        "name": f"frame-{name}",
        "rule": rule,
        "source": PFMF,
        "basis": VERIFIED,
        "needs": (EDAT,),
        "code": "PFMF 3,2",
    } | more
    values["registers"] = {2: "page1", 3: r1} | dict(values.get("registers", {}))  # type: ignore[call-overload]
    return Case(**values)  # type: ignore[arg-type]


def ranges() -> Iterator[Case]:
    for name, start, changed in (
        ("whole", FIRST, (FIRST, SECOND, LAST)),
        ("from-within", SECOND + 0x234, (SECOND, LAST)),
        ("last", LAST, (LAST,)),
        ("before", BEFORE, (BEFORE,)),
    ):
        end = 0x200000 if start >= FIRST else FIRST
        keys = {place: 0x70 if place in changed else key for place, key in RANGE_KEYS.items()}
        yield management(
            f"keys-{name}",
            "For a frame of 1 MB the keys are set from the block that R2 designates to the end of its megabyte, where "
            "R2 points then.",
            SET_KEY | MEGABYTE | 0x70,
            registers={2: start},
            keys=RANGE_KEYS,
            end=FinalState(registers={2: end}, keys=keys),
        )
        yield management(
            f"clear-{name}",
            "For a frame of 1 MB the blocks are cleared from that which R2 designates to the end of its megabyte.",
            CLEAR | MEGABYTE,
            registers={2: start},
            fill=EMPTY,
            end=FinalState(
                registers={2: end},
                storage={place + 8: 0 if place in changed else SENTINEL for place in RANGE_KEYS},
            ),
        )
        yield Case(
            name=f"keys-{name}",
            rule="With the multiple-block control the keys are set from the block that R2 designates to the end of its "
            "megabyte, where R2 points then; its bits 52-63 stay.",
            source=SSKE,
            basis=VERIFIED,
            needs=(EDAT,),
            registers={2: start, 3: 0x70},
            keys=RANGE_KEYS,
            code="SSKE 3,2,1",
            end=FinalState(registers={2: end | start & 0xFFF}, keys=keys),
        )
    for name, mask in (("31-bit", BASIC_ADDRESSING), ("24-bit", 0)):
        common = {"mask": mask, "keys": RANGE_KEYS, "registers": {2: HIGH | 0x8000_0000 | SECOND, 3: 0x2_1070}}
        keys = RANGE_KEYS | {SECOND: 0x70, LAST: 0x70}
        rule = "In the 24- and 31-bit modes only the address counts, and bits 0-31 of R2 stay."
        yield management(
            f"keys-{name}",
            rule,
            SET_KEY | MEGABYTE | 0x70,
            end=FinalState(registers={2: HIGH | 0x200000}, keys=keys),
            **common,
        )
        yield Case(
            name=f"keys-{name}",
            rule=rule,
            source=SSKE,
            basis=VERIFIED,
            needs=(EDAT,),
            code="SSKE 3,2,1",
            end=FinalState(registers={2: HIGH | 0x200000}, keys=keys),
            **common,
        )
    # Of 2 GB, which is 2, it depends on enhanced DAT 2.
    for size in (3, 4, 5, 6, 7):
        yield management(
            f"size-{size}",
            "A frame size that is not assigned is a specification exception.",
            SET_KEY | size << 12,
            code="PFMF 3,2\nafter: LGHI 15,1",
            events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
            keys={"page1": 0x10},
            end=FinalState(keys={"page1": 0x10}),
        )
    for bit in (*range(32, 46), 55, 63):
        yield management(
            f"reserved-{bit}",
            "A reserved bit of R1 that is one is a specification exception.",
            1 << 63 - bit,
            code="PFMF 3,2\nafter: LGHI 15,1",
            events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
        )
    yield management(
        "ignored-bits",
        "Bits 0-31 of R1 are ignored, and the usage indication is advice.",
        0xFFFF_FFFF_0000_0000 | SET_KEY | USAGE | 0x70,
        keys={"page1": 0x10},
        end=FinalState(keys={"page1": 0x70}),
    )
    yield management(
        "nonquiescing",
        "With the nonquiescing key-setting facility the nonquiescing control may be one.",
        SET_KEY | QUICK | 0x70,
        needs=(EDAT, NONQUIESCING),
        keys={"page1": 0x10},
        end=FinalState(keys={"page1": 0x70}),
    )
    yield management(
        "nowhere",
        "An address outside of storage is an addressing exception.",
        SET_KEY | 0x70,
        registers={2: "nowhere"},
        code="PFMF 3,2\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=4, at="after"),),
    )
    yield management(
        "megabyte-nowhere",
        "An address outside of storage is an addressing exception.",
        SET_KEY | MEGABYTE | 0x70,
        registers={2: "nowhere"},
        code="PFMF 3,2\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=4, at="after"),),
    )
    yield Case(
        name="keys-nowhere",
        rule="An address outside of storage is an addressing exception.",
        source=SSKE,
        basis=VERIFIED,
        needs=(EDAT,),
        registers={2: "nowhere", 3: 0x70},
        code="SSKE 3,2,1\nafter: LGHI 15,1",
        events=(program(Code.ADDRESSING, ilc=4, at="after"),),
    )
    yield management(
        "block-only",
        "A block is 4K at a 4K boundary; bits 52-63 of R2 are ignored, and R2 stays.",
        SET_KEY | CLEAR | 0x70,
        registers={2: "page2+0xfff"},
        fill={"page1+0xff8": SENTINEL, "page2": SENTINEL, "page2+0xff8": SENTINEL, "page3": SENTINEL},
        keys={"page1": 0x10, "page2": 0x10, "page3": 0x10},
        end=FinalState(
            registers={2: "page2+0xfff"},
            storage={"page1+0xff8": SENTINEL, "page2": 0, "page2+0xff8": 0, "page3": SENTINEL},
            keys={"page1": 0x10, "page2": 0x70, "page3": 0x10},
        ),
    )
    for name, key, after in (("fetch-protected", 0x58, 0x5E), ("referenced", 0x04, 0x06)):
        yield management(
            f"clear-{name}",
            "Clearing is not subject to key-controlled protection, and is recorded as a change.",
            CLEAR,
            mask=ADDRESSING_MODE | 3 << 52,
            fill={"page1+8": SENTINEL},
            keys={"page1": key},
            end=FinalState(keys={"page1": after}),
            basis=INFERRED,
        )


def conditions() -> Iterator[Case]:
    rows = (
        # The key before, the key that is wanted, the masks, and the key after.
        ("equal", 0x32, 0x32, MASK_REFERENCE, 0x32),
        ("reference-differs", 0x36, 0x32, MASK_REFERENCE, 0x36),
        ("change-differs", 0x34, 0x36, MASK_REFERENCE, 0x36),
        ("change-ignored", 0x36, 0x34, MASK_CHANGE, 0x36),
        ("reference-counts", 0x32, 0x36, MASK_CHANGE, 0x36),
        ("both-ignored", 0x30, 0x36, MASK_REFERENCE | MASK_CHANGE, 0x30),
        ("access-differs", 0x46, 0x30, MASK_REFERENCE | MASK_CHANGE, 0x30),
        ("fetch-differs", 0x3E, 0x30, MASK_REFERENCE | MASK_CHANGE, 0x30),
        ("change-resets", 0x36, 0x34, MASK_REFERENCE, 0x34),
        ("reference-resets", 0x36, 0x32, MASK_CHANGE, 0x32),
        ("high-key", 0xB6, 0x30, MASK_REFERENCE | MASK_CHANGE, 0x30),
        ("no-mask", 0x36, 0x30, 0, 0x30),
    )
    for name, before, wanted, masks, after in rows:
        yield management(
            f"conditional-{name}",
            "With the reference-bit or change-bit mask one the key is set only if it differs in what is not masked; "
            "the condition code stays.",
            SET_KEY | masks | wanted,
            needs=(EDAT, CONDITIONAL),
            mask=ADDRESSING_MODE | 2 << 44,
            keys={"page1": before},
            end=FinalState(cc=2, keys={"page1": after}),
        )
        m3 = masks >> 8
        if masks:
            yield Case(
                name=f"conditional-range-{name}",
                rule="With the multiple-block control each key is set only if it differs in what is not masked.",
                source=SSKE,
                basis=VERIFIED,
                needs=(EDAT, CONDITIONAL),
                registers={2: LAST, 3: wanted},
                keys={LAST: before},
                code=f"SSKE 3,2,{m3 | 1}",
                end=FinalState(cc=3, keys={LAST: after}),
            )
        if name in ("change-differs", "reference-counts", "change-resets", "reference-resets", "high-key"):
            yield Case(
                name=f"conditional-{name}",
                rule="If it is only an unmasked reference or change bit that differs, the key is set: cc 1, or cc 2 "
                "if that bit alone was.",
                source=SSKE,
                basis=VERIFIED,
                needs=(CONDITIONAL,),
                registers={2: "page1", 3: wanted},
                keys={"page1": before},
                # cc 0 and 3 would be wrong.
                code=f"SSKE 3,2,{m3}\nBRC 6,set\nLGHI 15,1\nset: LGHI 14,1",
                end=FinalState(registers={3: before << 8 | wanted, 14: 1, 15: 0}, keys={"page1": after}),
            )


def protections() -> Iterator[Case]:
    for name, code, address in (
        ("frame-clear-zero", "PFMF 3,2", 0),
        ("frame-clear-second", "PFMF 3,2", 0x1000),
        ("test-block-zero", "TB 0,2", 0),
        ("test-block-second", "TB 0,2", 0x1FFF),
    ):
        yield Case(
            name=f"low-address-{name}",
            rule="Low-address protection applies to the whole block that is cleared.",
            source=f"{PFMF}; PoP 10, Test Block; PoP 3, Low-Address Protection",
            basis=VERIFIED,
            needs=(EDAT,),
            controls={0: LOW_ADDRESS},
            registers={2: address, 3: CLEAR},
            code=f"bad: {code}\nafter: LGHI 15,1",
            events=(
                program(
                    Code.PROTECTION,
                    ilc=4,
                    at="after",
                    teid=(address & ~0xFFF | 0x80, 0xFFFF_FFFF_FFFF_F08C),
                    exception_access=0,
                ),
            ),
        )
    yield Case(
        name="low-address-frame-key",
        rule="It does not apply to the key.",
        source=f"{PFMF}; PoP 3, Low-Address Protection",
        basis=VERIFIED,
        needs=(EDAT,),
        controls={0: LOW_ADDRESS},
        registers={2: 0x1000, 3: SET_KEY | 0x30},
        code="PFMF 3,2\nISKE 5,2",
        end=FinalState(registers={5: 0x30}),
    )
    for name, code, registers in (
        ("frame-clear-third", "PFMF 3,2", {2: "page1", 3: CLEAR}),
        ("test-block-third", "TB 0,2", {2: "page1"}),
    ):
        yield Case(
            name=f"low-address-{name}",
            rule="It does not apply to any other block.",
            source=f"{PFMF}; PoP 3, Low-Address Protection",
            basis=VERIFIED,
            needs=(EDAT,),
            controls={0: LOW_ADDRESS},
            registers=registers,
            fill={"page1": SENTINEL},
            code=code,
            end=FinalState(storage={"page1": 0}),
        )
    for state, code in (("Uz", Code.ADDRESSING), ("Vz", Code.DISCARD_FAULT)):
        is_fault = code is Code.DISCARD_FAULT
        yield Case(
            name=f"frame-clear-{state}",
            rule="Clearing is an access to the page; of a megabyte, R2 says how far it came.",
            source="page-hinting reference 2.4; PoP 5, Interruptible Instructions",
            basis=INFERRED,
            needs=(ZVM, EDAT),
            registers={2: 0xFE000, 3: CLEAR | MEGABYTE},
            fill={0xFE008: SENTINEL},
            pages={0xFF000: state},
            code="bad: PFMF 3,2\nafter: LGHI 15,1",
            events=(program(code, ilc=4, at="bad" if is_fault else "after"),),
            end=FinalState(registers={2: 0xFF000}, storage={0xFE008: 0}, pages={0xFF000: state}),
        )
        yield Case(
            name=f"frame-key-{state}",
            rule="Setting the key is no access to the page.",
            source="page-hinting reference 2.4",
            basis=INFERRED,
            needs=(ZVM, EDAT),
            registers={2: "page1", 3: SET_KEY | 0x70},
            pages={"page1": state},
            code="PFMF 3,2",
            end=FinalState(pages={"page1": state}, keys={"page1": 0x70}),
        )


SECTION = CaseSection("Storage keys: ranges, conditions, frames", (*ranges(), *conditions(), *protections()))
