# SPDX-License-Identifier: GPL-2.0-or-later
"""Channel programs: what ends them, and the pages that they use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.conform.architecture.case import (
    DEVICES,
    INFERRED,
    PAGING,
    VERIFIED,
    ZVM,
    Basis,
    Case,
    CaseSection,
    FinalState,
    Need,
)
from tools.conform.architecture.channels import (
    DATA,
    PROGRAM,
    REGISTERS,
    STORAGE,
    WAITING,
    command,
    enable,
    request,
    taken,
)

PROGRAM_CHECK, PROTECTION_CHECK = 0x20, 0x10
START = 0x4000
ALERT, PRIMARY, SECONDARY, PENDING = 0x10, 4, 2, 1
ENDED = PRIMARY | SECONDARY | PENDING
NORMAL_END = 0x0C
STATUS = "PoP 16, Subchannel-Status Word"


@dataclass(frozen=True, slots=True)
class Transfer:
    """A channel program, and what the interruption-response block says of it."""

    name: str
    rule: str
    subchannel_status: int = 0
    storage: dict[int | str, int | bytes] = field(default_factory=dict)
    keys: dict[int | str, int] = field(default_factory=dict)
    pages: dict[int | str, str] = field(default_factory=dict)
    fill: dict[int | str, int] = field(default_factory=dict)
    left_out: str = ""
    """What of the storage is not in the image, since the case makes its page state."""
    end: FinalState = field(default_factory=FinalState)
    needs: tuple[Need, ...] = ()
    basis: Basis = VERIFIED
    source: str = STATUS
    is_pressed: bool = False

    def case(self) -> Case:
        """The case: SENSE ID, waiting, and TEST SUBCHANNEL."""
        storage = {place: value for place, value in (STORAGE | self.storage).items() if place != self.left_out}
        control = (START | ENDED | ALERT if self.subchannel_status else START | ENDED, 0x7FFF)
        status = self.subchannel_status << 48
        checked = {
            "page5": (control[0] << 32, control[1] << 32),
            "page5+8": (status, 0xFF << 48) if self.subchannel_status else (NORMAL_END << 56, 0xFFFF << 48),
        }
        return Case(
            name=self.name,
            rule=self.rule,
            source=self.source,
            basis=self.basis,
            needs=(DEVICES, *self.needs),
            registers=REGISTERS,
            controls={6: 0xFF00_0000},
            storage=storage,
            keys=self.keys,
            pages=self.pages,
            fill=self.fill,
            is_pressed=self.is_pressed,
            code=f"{enable()}SSCH 0(3)\n{WAITING}handler: TSCH 0(5)",
            events=(taken(),),
            end=FinalState(
                cc=0,
                storage=checked | dict(self.end.storage),
                keys=self.end.keys,
                pages=self.end.pages,
            ),
        )


IDENTIFIED = {"page4": (0xFF << 56, 0xFF << 56)}
INVALID_PROGRAMS = {
    "command-zero": (command(DATA, code=0), "A command code whose last four bits are zeros is invalid."),
    "transfer-first": (
        command(PROGRAM, code=8, flags=0, count=0),
        "The first command is no transfer in channel.",
    ),
    "data-nowhere": (command(0x7FFF_F000), "The data address is one of storage."),
    "reserved-address-bit": (command(1 << 31 | DATA), "Bit 32 of a format-1 CCW must be zero."),
}


def transfers() -> Iterator[Case]:
    yield Transfer(
        name="sense-id",
        rule="The data are stored; primary and secondary status, with channel end and device end.",
        fill={"page4": 0},
        end=FinalState(storage=IDENTIFIED | {"page5": ((START | ENDED) << 32 | PROGRAM + 8, 0x7FFF_FFFF_FFFF)}),
    ).case()
    yield Transfer(
        name="recorded",
        rule="What the channel subsystem stores is a change of its page, and what it fetches a reference.",
        source="PoP 3, Reference Recording, Change Recording",
        fill={"page4": 0},
        keys={"page3": 0, "page4": 0},
        end=FinalState(storage=IDENTIFIED, keys={"page3": 4, "page4": 6}),
    ).case()
    yield Transfer(
        name="crossing",
        rule="Data may cross pages.",
        source="PoP 15, Channel-Command Word",
        storage={"page3": command(0x46FFF)},
        fill={"page7+0xff8": 0, "page8": 0, "page8+8": 0},
        end=FinalState(storage={"page7+0xff8": (0xFF, 0xFF), "page8+8": 0}),
    ).case()
    for name, (word, rule) in INVALID_PROGRAMS.items():
        yield Transfer(
            name=f"program-check-{name}",
            rule=f"{rule} Otherwise: program check.",
            subchannel_status=PROGRAM_CHECK,
            storage={"page3": word},
        ).case()
    yield Transfer(
        name="program-check-ccw-nowhere",
        rule="A CCW that lies outside of storage is a program check.",
        subchannel_status=PROGRAM_CHECK,
        storage={"page2": request(0x7FFF_F000)},
    ).case()
    yield Transfer(
        name="program-check-ccw-boundary",
        rule="A CCW lies at a doubleword boundary.",
        subchannel_status=PROGRAM_CHECK,
        storage={"page2": request(PROGRAM + 4)},
    ).case()
    for name, key, places, status in (
        ("key-matches", 3, {"page3": 0x38, "page4": 0x38}, 0),
        ("key-of-data", 3, {"page4": 0x40}, PROTECTION_CHECK),
        ("key-of-program", 3, {"page3": 0x48, "page4": 0x30}, PROTECTION_CHECK),
        ("key-of-program-unprotected", 3, {"page3": 0x40, "page4": 0x30}, 0),
        ("key-zero", 0, {"page3": 0x48, "page4": 0x48}, 0),
    ):
        yield Transfer(
            name=name,
            rule="The channel program accesses storage with the key of its request.",
            source="PoP 15, Operation-Request Block; PoP 3, Protection",
            subchannel_status=status,
            storage={"page2": request(PROGRAM, key=key)},
            keys=places,
            end=FinalState(storage={} if status else IDENTIFIED),
        ).case()
    hinting = "page-hinting reference 2.4"
    for state in ("Uz", "Vz", "Ur", "Vr", "Pr", "Sz"):
        usable = state in ("Vr", "Pr", "Sz")
        yield Transfer(
            name=f"data-{state}",
            rule="The channel subsystem does not store in a page that is unused or discarded: program check.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM,),
            subchannel_status=0 if usable else PROGRAM_CHECK,
            pages={"page4": state},
            end=FinalState(storage=IDENTIFIED if usable else {}, pages={"page4": "Sr" if state == "Sz" else state}),
        ).case()
    for state in ("Uz", "Vz"):
        yield Transfer(
            name=f"program-{state}",
            rule="A channel program in a page that is unused or discarded is a program check.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM,),
            subchannel_status=PROGRAM_CHECK,
            pages={"page3": state},
            left_out="page3",
            end=FinalState(pages={"page3": state}),
        ).case()
        yield Transfer(
            name=f"crossing-{state}",
            rule="Of data that cross into such a page, what comes before it has been stored.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM,),
            subchannel_status=PROGRAM_CHECK,
            storage={"page3": command(0x46FFF)},
            fill={"page7+0xff8": 0},
            pages={"page8": state},
            end=FinalState(pages={"page8": state}),
        ).case()
    for place in ("page3", "page4"):
        yield Transfer(
            name=f"preserved-{place}",
            rule="A page that the host has taken is brought in for the channel subsystem.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM, PAGING),
            fill={place: command(DATA) if place == "page3" else 0},
            left_out=place,
            is_pressed=True,
            end=FinalState(storage=IDENTIFIED, pages={place: "Sr"}),
        ).case()


SECTION = CaseSection("Channel programs", tuple(transfers()))
