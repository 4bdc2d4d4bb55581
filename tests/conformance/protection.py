# SPDX-License-Identifier: GPL-2.0-or-later
"""Protection: key-controlled, with both overrides, and low-address protection."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.spaces import PRIVATE, TableSpace

KEY_SOURCE = "PoP 3, Key-Controlled Protection"
OVERRIDES = "PoP 3, Storage-Protection-Override Control; Linux arch/s390/kvm/gaccess.c"
FETCH_OVERRIDES = "PoP 3, Fetch-Protection-Override Control; Linux arch/s390/kvm/gaccess.c"
LOW_SOURCE = "PoP 3, Low-Address Protection"
CR0 = 0xE0
STORAGE_OVERRIDE = 1 << 63 - 39
FETCH_OVERRIDE = 1 << 63 - 38
LOW_ADDRESS = 1 << 63 - 35
SENTINEL = 0x3333_3333_3333_3333
CONTENT = 0x7777_7777_7777_7777
FACILITIES = (facility(131), facility(75))
STORE, FETCH = 0x400, 0x800
KEY_CONTROLLED, LOW = 0x08, 0x80


def keyed(
    name: str,
    rule: str,
    *,
    access_key: int,
    storage_key: int,
    is_store: bool,
    is_permitted: bool,
    cr0: int = CR0,
    source: str = KEY_SOURCE,
) -> Case:
    """A doubleword of page1, whose key is *storage_key*, accessed with *access_key*."""
    return Case(
        name=name,
        rule=rule,
        source=source,
        basis=VERIFIED,
        mask=ADDRESSING_MODE | access_key << 52,
        controls={0: cr0},
        registers={2: "page1", 3: SENTINEL},
        fill={"page1": CONTENT},
        keys={"page1": storage_key},
        code=f"bad: {'STG' if is_store else 'LG'} 3,0(2)\nafter: LGHI 15,1",
        events=() if is_permitted else (program(Code.PROTECTION, ilc=6, at="after"),),
        end=FinalState(
            registers={3: CONTENT if is_permitted and not is_store else SENTINEL, 15: int(is_permitted)},
            storage={"page1": SENTINEL if is_permitted and is_store else CONTENT},
        ),
    )


def key_controlled() -> Iterator[Case]:
    rule = "A store is permitted if the access key is zero or matches; a fetch also if fetch protection is zero."
    for access_key in (0, 1, 9, 15):
        for storage_key in (0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x90, 0x98, 0xF0, 0xF8):
            is_open = access_key in (0, storage_key >> 4)
            for is_store in (False, True):
                yield keyed(
                    f"key-{access_key:x}-{storage_key:02x}-{'store' if is_store else 'fetch'}",
                    rule,
                    access_key=access_key,
                    storage_key=storage_key,
                    is_store=is_store,
                    is_permitted=is_open or (not is_store and not storage_key & 0x08),
                )


def storage_override() -> Iterator[Case]:
    rule = "With storage-protection override a page whose key is 9 is open to every access key, and no other page."
    for access_key in (1, 15):
        for storage_key in (0x90, 0x98, 0x88, 0x80):
            for is_store in (False, True):
                is_permitted = storage_key >> 4 == 9 or (not is_store and not storage_key & 8)
                yield keyed(
                    f"storage-override-{access_key:x}-{storage_key:02x}-{'store' if is_store else 'fetch'}",
                    rule,
                    access_key=access_key,
                    storage_key=storage_key,
                    is_store=is_store,
                    is_permitted=is_permitted,
                    cr0=CR0 | STORAGE_OVERRIDE,
                    source=OVERRIDES,
                )


def fetch_override() -> Iterator[Case]:
    rule = "With fetch-protection override fetches from effective addresses 0-2047 are permitted; stores are not."
    for name, instruction, is_permitted in (
        ("first", "LLGC 3,0x80", True),
        ("last", "LLGC 3,2047", True),
        ("behind", "LLGC 3,2048", False),
        ("doubleword", "LG 3,2040", True),
        ("crossing", "LG 3,2044", False),
        ("store", "STG 3,0x700", False),
    ):
        yield Case(
            name=f"fetch-override-{name}",
            rule=rule,
            source=FETCH_OVERRIDES,
            basis=VERIFIED,
            mask=ADDRESSING_MODE | 1 << 52,
            controls={0: CR0 | FETCH_OVERRIDE},
            keys={0: 0x28},
            registers={3: SENTINEL},
            code=f"bad: {instruction}\nafter: LGHI 15,1",
            events=() if is_permitted else (program(Code.PROTECTION, ilc=6, at="after"),),
            end=FinalState(registers={15: int(is_permitted)}),
        )
    yield Case(
        name="fetch-override-off",
        rule="Without it they are protected as all others.",
        source=FETCH_OVERRIDES,
        basis=VERIFIED,
        mask=ADDRESSING_MODE | 1 << 52,
        keys={0: 0x28},
        registers={3: SENTINEL},
        code="bad: LG 3,0x80\nafter: LGHI 15,1",
        events=(program(Code.PROTECTION, ilc=6, at="after"),),
        end=FinalState(registers={3: SENTINEL}),
    )
    for name, flags, is_permitted in (("private-space", PRIVATE, False), ("public-space", 0, True)):
        space = TableSpace(flags=flags).map(0, 0)
        yield Case(
            name=f"fetch-override-{name}",
            rule="Fetch-protection override does not apply to a private space.",
            source=FETCH_OVERRIDES,
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT | 1 << 52,
            controls={0: CR0 | FETCH_OVERRIDE, 1: space.asce},
            storage=space.storage,
            keys={0: 0x28},
            code="bad: LG 3,0x80\nafter: LGHI 15,1",
            events=() if is_permitted else (program(Code.PROTECTION, ilc=6, at="after"),),
            end=FinalState(registers={15: int(is_permitted)}),
        )


LOW_STORES = (
    ("first", "MVI 0(4),1", 0, 4, False),
    ("last", "MVI 0x1FF(4),1", 0, 4, False),
    ("behind", "MVI 0x200(4),1", 0, 4, True),
    ("second-first", "MVI 0(4),1", 0x1000, 4, False),
    ("second-last", "MVI 0x1FF(4),1", 0x1000, 4, False),
    ("second-before", "MVI 0xFFF(4),1", 0, 4, True),
    ("second-behind", "MVI 0x200(4),1", 0x1000, 4, True),
    ("crossing-end", "STG 3,0x1FC(4)", 0, 6, False),
    ("crossing-behind", "STG 3,0xFFC(4)", 0, 6, False),
    ("move", "MVC 0x10(8,4),0x300(4)", 0, 6, False),
    ("store-multiple", "STMG 8,9,0x1F0(4)", 0, 6, False),
    ("test-and-set", "TS 0x20(4)", 0, 4, False),
    ("store-clock", "STCK 0x28(4)", 0, 4, False),
    ("store-clock-fast", "STCKF 0x1F8(4)", 0, 4, False),
    ("store-clock-extended", "STCKE 0x1F8(4)", 0x1000, 4, False),
    ("store-clock-comparator", "STCKC 0x20(4)", 0, 4, False),
    ("store-cpu-timer", "STPT 0x28(4)", 0, 4, False),
    ("store-cpu-timer-behind", "STPT 0x200(4)", 0x1000, 4, True),
    ("store-cpu-id", "STIDP 0x28(4)", 0x1000, 4, False),
    ("store-cpu-address", "STAP 0x1FE(4)", 0, 4, False),
    ("store-cpu-address-behind", "STAP 0x200(4)", 0x1000, 4, True),
    ("store-prefix", "STPX 0x20(4)", 0, 4, False),
    ("store-control", "STCTL 2,3,0x1FC(4)", 0, 4, False),
    ("store-control-extended", "STCTG 2,2,0x1F8(4)", 0, 6, False),
    ("store-facilities", "LGHI 0,0\nbad: STFLE 0x28(4)", 0, 4, False),
    ("store-then-and", "STNSM 0x1FF(4),0xFF", 0x1000, 4, False),
    ("store-then-or", "STOSM 0x20(4),0", 0, 4, False),
    ("compare-and-swap", "CSG 8,9,0x20(4)", 0, 6, False),
    ("fetch", "LG 5,0x20(4)", 0, 6, True),
    ("store-real", "LGHI 6,0x20\nbad: STURG 8,6", 0, 4, False),
)


def low_address() -> Iterator[Case]:
    rule = "With low-address protection stores at addresses 0-511 and 4096-4607 are protected, whatever the key."
    for name, instruction, base, ilc, is_permitted in LOW_STORES:
        yield Case(
            name=f"low-{name}",
            rule=rule,
            source=LOW_SOURCE,
            basis=VERIFIED,
            controls={0: CR0 | LOW_ADDRESS},
            registers={4: base, 8: SENTINEL},
            code=(instruction if "bad:" in instruction else f"bad: {instruction}") + "\nafter: LGHI 15,1",
            events=() if is_permitted else (program(Code.PROTECTION, ilc=ilc, at="after"),),
            end=FinalState(registers={15: int(is_permitted)}),
        )
    yield Case(
        name="low-off",
        rule="Without it they are not.",
        source=LOW_SOURCE,
        basis=VERIFIED,
        registers={4: 0},
        code="MVI 0x20(4),1",
    )
    for name, flags, is_permitted in (("private-space", PRIVATE, True), ("public-space", 0, False)):
        space = TableSpace(flags=flags).map(0, 0x40000)
        yield Case(
            name=f"low-{name}",
            rule="Low-address protection does not apply to a private space.",
            source=LOW_SOURCE,
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={0: CR0 | LOW_ADDRESS, 1: space.asce},
            storage=space.storage,
            registers={4: 0},
            code="bad: MVI 0x20(4),1\nafter: LGHI 15,1",
            events=() if is_permitted else (program(Code.PROTECTION, ilc=4, at="after"),),
            end=FinalState(registers={15: int(is_permitted)}),
        )


def identification() -> Iterator[Case]:
    source = "Linux arch/s390/kvm/gaccess.c trans_exc_ending (architecture reference F3)"
    for name, instruction, key, cr0, teid in (
        ("key-store", "STG 3,0(2)", 1, CR0, ("page1", STORE | KEY_CONTROLLED)),
        ("key-fetch", "LG 3,0(2)", 1, CR0, ("page1", FETCH | KEY_CONTROLLED)),
        ("low-address", "STG 3,0(4)", 0, CR0 | LOW_ADDRESS, (0, STORE | LOW)),
    ):
        page, bits = teid
        yield Case(
            name=f"teid-{name}",
            rule="The TEID has the page, the access in bits 52-53, and the kind of protection in bits 56, 60 and 61.",
            source=source,
            basis=VERIFIED,
            needs=FACILITIES,
            mask=ADDRESSING_MODE | key << 52,
            controls={0: cr0},
            registers={2: "page1"},
            keys={"page1": 0x28},
            code=f"bad: {instruction}\nafter: LGHI 15,1",
            events=(
                program(
                    Code.PROTECTION,
                    ilc=6,
                    at="after",
                    teid=f"page1+{bits:#x}" if page == "page1" else bits,
                    exception_access=0,
                ),
            ),
        )


SECTION = CaseSection(
    "Protection",
    (*key_controlled(), *storage_override(), *fetch_override(), *low_address(), *identification()),
)
