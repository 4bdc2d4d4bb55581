# SPDX-License-Identifier: GPL-2.0-or-later
"""An access made before: what was permitted or translated then is not remembered where the key or the space changes."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, program
from tools.conform.architecture.spaces import TableSpace

VIRTUAL = 0x12_3000
CR0, SECONDARY_CONTROL = 0xE0, 1 << 63 - 37
LOW_ADDRESS, FETCH_OVERRIDE, STORAGE_OVERRIDE = 1 << 63 - 35, 1 << 63 - 38, 1 << 63 - 39
# page4 and page5, at their own addresses, have what is loaded.
PRIMARY = TableSpace().map(VIRTUAL, 0x40000).map(0x43000, 0x43000).map(0x44000, 0x44000)
SECONDARY = TableSpace(origin=0x60000).map(VIRTUAL, 0x41000).map(0x43000, 0x43000).map(0x44000, 0x44000)
HOME = TableSpace(origin=0x68000).map(VIRTUAL, 0x42000)
CONTENTS = {"page1": 0x1111, "page2": 0x2222, "page3": 0x3333, VIRTUAL: 0x4444}
SPACES = {
    "controls": {0: CR0 | SECONDARY_CONTROL, 1: PRIMARY.asce, 7: SECONDARY.asce, 13: HOME.asce},
    "storage": PRIMARY.storage | SECONDARY.storage | HOME.storage,
    "fill": CONTENTS,
}
PSW_KEY_1 = ADDRESSING_MODE | 1 << 52


def doubleword(value: int) -> bytes:
    return value.to_bytes(8, "big")


def keys() -> Iterator[Case]:
    rule = "The key is compared at each access: what the last key was permitted the next one may not be."
    for name, first, access_key, second, key in (
        ("fetch", "LG 3,0(2)", 1, "LG 4,0(2)", 0x28),
        ("store", "STG 3,0(2)", 1, "STG 4,0(2)", 0x20),
        ("store-after-fetch", "LG 3,0(2)", 15, "STG 4,0(2)", 0x20),
    ):
        yield Case(
            name=f"access-key-{name}",
            rule=rule,
            source="PoP 3, Key-Controlled Protection; PoP 10, Set PSW Key from Address",
            basis=VERIFIED,
            registers={2: "page1", 3: 5, 4: 7},
            keys={"page1": key},
            code=f"{first}\nSPKA 0x{access_key:x}0\nbad: {second}\nafter: LGHI 15,1",
            events=(program(Code.PROTECTION, ilc=6, at="after", mask=ADDRESSING_MODE | access_key << 52),),
            end=FinalState(registers={4: 7, 15: 0}),
        )
    yield Case(
        name="access-key-back",
        rule="And with the key from before it is permitted again.",
        source="PoP 3, Key-Controlled Protection; PoP 10, Set PSW Key from Address",
        basis=VERIFIED,
        registers={2: "page1", 3: 5, 6: "page2"},
        fill={"page1": 0x1111, "page2": 0x2222},
        keys={"page1": 0x28, "page2": 0x18},
        code="LG 3,0(2)\nSPKA 0x10\nLG 4,0(6)\nSPKA 0x20\nLG 5,0(2)\nSPKA 0",
        end=FinalState(registers={3: 0x1111, 4: 0x2222, 5: 0x1111}),
    )


def controls() -> Iterator[Case]:
    for name, control, access, key, mask in (
        ("low-address", 0, "MVI 0x20(4),1", 0, ADDRESSING_MODE),
        ("storage-override", STORAGE_OVERRIDE, "MVI 0(2),1", 0x90, PSW_KEY_1),
        ("fetch-override", FETCH_OVERRIDE, "LLGC 3,0x80(4)", 0x28, PSW_KEY_1),
    ):
        page = 0 if name == "fetch-override" else "page1"
        yield Case(
            name=f"control-{name}",
            rule="A control of protection in control register 0 counts from the next instruction on.",
            source="PoP 3, Protection; PoP 10, Load Control",
            basis=VERIFIED,
            mask=mask,
            controls={0: CR0 | control},
            registers={2: "page1", 4: 0, 6: "page4"},
            keys={page: key} if key else {},
            storage={"page4": doubleword(CR0 | (0 if control else LOW_ADDRESS))},
            code=f"{access}\nLCTLG 0,0,0(6)\nbad: {access}\nafter: LGHI 15,1",
            events=(program(Code.PROTECTION, ilc=4 if access.startswith("M") else 6, at="after"),),
            end=FinalState(registers={15: 0}),
        )


def spaces() -> Iterator[Case]:
    rule = "The same address is another place in another space, and the first one again when that is back."
    source = "PoP 3, Translation Modes; PoP 10, Set Address Space Control, Load Control"
    common = {"rule": rule, "source": source, "basis": VERIFIED, "registers": {2: VIRTUAL, 6: "page4", 7: "page5"}}
    for mnemonic in ("SAC", "SACF"):
        for name, number, other in (("secondary", 1, 0x2222), ("home", 3, 0x3333)):
            yield Case(
                name=f"{mnemonic.lower()}-{name}",
                mask=ADDRESSING_MODE | DAT,
                code=f"LG 3,0(2)\n{mnemonic} 0x{number:x}00\nLG 4,0(2)\n{mnemonic} 0\nLG 5,0(2)",
                end=FinalState(registers={3: 0x1111, 4: other, 5: 0x1111}),
                **common | SPACES,
            )
    yield Case(
        name="load-control-1",
        mask=ADDRESSING_MODE | DAT,
        code="LG 3,0(2)\nLCTLG 1,1,0(6)\nLG 4,0(2)\nLCTLG 1,1,0(7)\nLG 5,0(2)",
        end=FinalState(registers={3: 0x1111, 4: 0x2222, 5: 0x1111}),
        **common
        | SPACES
        | {
            "storage": SPACES["storage"] | {"page4": doubleword(SECONDARY.asce), "page5": doubleword(PRIMARY.asce)},
        },
    )
    yield Case(
        name="dat-on-and-off",
        mask=ADDRESSING_MODE,
        code="LG 3,0(2)\nSTOSM 0(6),4\nLG 4,0(2)\nSTNSM 0(6),0xFB\nLG 5,0(2)",
        end=FinalState(registers={3: 0x4444, 4: 0x1111, 5: 0x4444}),
        **common | SPACES,
    )
    yield Case(
        name="dat-on-and-off-by-mask",
        mask=ADDRESSING_MODE,
        code="LG 3,0(2)\nSSM 0(6)\nLG 4,0(2)\nSSM 1(6)\nLG 5,0(2)",
        end=FinalState(registers={3: 0x4444, 4: 0x1111, 5: 0x4444}),
        **common | SPACES | {"storage": SPACES["storage"] | {"page4": bytes((0x04, 0, 0, 0, 0, 0, 0, 0))}},
    )


SECTION = CaseSection("Accesses before and after a change of context", (*keys(), *controls(), *spaces()))
