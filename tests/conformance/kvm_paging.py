# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of pages that KVM's host takes, and its list of pages that may be released."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import INFERRED, KVM, PAGING, VERIFIED, Case, CaseSection, FinalState, facility
from tools.conform.architecture.page_states import state_byte

TABLE = "Linux arch/s390/mm/pgtable.c pgste_perform_essa (page-hinting reference 6.4)"
LIST = "Linux arch/s390/kvm/priv.c, arch/s390/mm/gmap.c (page-hinting reference 6.2)"
# The first byte is zero, since a byte is stored there to make a page resident.
CONTENT, SENTINEL = 0x0077_7777_7777_7777, 0x3333_3333_3333_3333
NEEDS = (KVM, PAGING)

# The state that a resident page is made; the state when the host has taken it; its state after each request, with the
# change bit zero.
TAKEN = """
              0   1   2   3   4   5   6   7
Sr     Sp     Sp  Sp  Uz  Vz  Vz  Sp  Sp  Sp+NT
Ur     Up     Up  Sp  Uz  Vz  Vz  Sp  Up  Sp+NT
Pr     Pp     Pp  Sp  Uz  Vz  Vz  Sp  Pp  Sp+NT
Vr     Vp     Vp  Sp  Uz  Vz  Vz  Sp  Vp  Sp+NT
"""


def requests() -> Iterator[Case]:
    for row in TAKEN.strip().splitlines()[1:]:
        before, taken, *after = row.split()
        for key in (0x00, 0x02):
            for request, state in enumerate(after):
                if key and request != 4:
                    continue
                expected = "Sp" if key else state
                yield Case(
                    name=f"{taken}-{request}" + ("-changed" if key else ""),
                    rule=f"A page in state {before} is {taken} when the host has taken it; after request {request} it "
                    f"is {expected}.",
                    source=TABLE,
                    basis=VERIFIED,
                    needs=(*NEEDS, facility(147)) if request == 7 else NEEDS,
                    registers={2: "page1", 3: -1},
                    fill={"page1+8": CONTENT},
                    pages={"page1": before},
                    keys={"page1": key},
                    is_pressed=True,
                    code=f"ESSA 3,2,{request}",
                    end=FinalState(registers={3: state_byte(taken)}, pages={"page1": expected}, keys={"page1": key}),
                )


def accesses() -> Iterator[Case]:
    for before, content in (("Sr", CONTENT), ("Pr", CONTENT), ("Vr", CONTENT), ("Ur", 0)):
        for name, code in (("load", "LG 3,0(2)"), ("store", "MVI 8(2),1\nLG 3,0(2)")):
            yield Case(
                name=f"{before}-{name}",
                rule="A page that the host has taken is brought in, whatever is said of its use, but an unused one is "
                "not read: it has zeros. What is said of it stays.",
                source=LIST,
                basis=VERIFIED,
                needs=NEEDS,
                registers={2: "page1"},
                fill={"page1": CONTENT},
                pages={"page1": before},
                is_pressed=True,
                code=code,
                end=FinalState(registers={3: content}, pages={"page1": before}),
            )


# Twice as many entries as there are in a list, of the page that register 2 designates.
FULL = "LGHI 9,1100\nlisting: ESSA 4,2,2\nAGHI 9,-1\nBRC 7,listing\n"


def lists() -> Iterator[Case]:
    common = {"source": LIST, "needs": NEEDS, "is_pressed": True}
    yield Case(
        name="released",
        rule="When the list is full the host releases what is still unused; made stable it has zeros.",
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": CONTENT},
        code=f"{FULL}ESSA 5,2,1\nLG 3,0(2)",
        end=FinalState(registers={3: 0, 4: state_byte("Uz"), 5: state_byte("Uz"), 9: 0}, pages={"page1": "Sr"}),
        **common,
    )
    for name, code in (("load", "LG 3,0(2)"), ("store", "MVI 8(2),1\nLG 3,0(2)")):
        yield Case(
            name=f"unused-{name}",
            rule="A preserved page that has been made unused is not read in when it is touched: it has zeros.",
            basis=VERIFIED,
            registers={2: "page1"},
            fill={"page1": CONTENT},
            code=f"ESSA 4,2,2\n{code}",
            end=FinalState(registers={3: 0, 4: state_byte("Sp")}, pages={"page1": "Ur"}),
            **common,
        )
    yield Case(
        name="volatile-released",
        rule="A volatile page is released like an unused one.",
        basis=VERIFIED,
        registers={2: "page2", 6: "page1"},
        fill={"page1": CONTENT, "page2": CONTENT},
        code=f"ESSA 5,6,3\n{FULL}ESSA 5,6,1\nLG 3,0(6)",
        end=FinalState(registers={3: 0, 5: state_byte("Vz")}, pages={"page1": "Sr"}),
        **common,
    )
    yield Case(
        name="used-again",
        rule="A page on the list that is used again when the list is worked off is left alone.",
        basis=VERIFIED,
        registers={2: "page2", 3: SENTINEL, 6: "page1"},
        fill={"page1": CONTENT, "page2": CONTENT},
        code=f"ESSA 5,6,2\nESSA 5,6,1\nSTG 3,0(6)\n{FULL}LG 7,0(6)",
        end=FinalState(registers={7: SENTINEL}, pages={"page1": "Sr"}),
        **common,
    )
    yield Case(
        name="unused-dropped",
        rule="An unused page that the host takes is not preserved: made stable again it has zeros.",
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": CONTENT},
        pages={"page1": "Ur"},
        code="ESSA 4,2,1\nLG 3,0(2)",
        end=FinalState(registers={3: 0, 4: state_byte("Up")}, pages={"page1": "Sr"}),
        **common,
    )
    yield Case(
        name="others-stay",
        rule="A page that is not on the list keeps its content.",
        basis=VERIFIED,
        registers={2: "page2", 6: "page1"},
        fill={"page1": CONTENT, "page2": CONTENT},
        code=f"{FULL}LG 7,0(6)",
        end=FinalState(registers={7: CONTENT}, pages={"page1": "Sr"}),
        **common,
    )
    yield Case(
        name="resident-unused",
        rule="A page that is resident is not put on the list, and keeps its content while it is there.",
        basis=INFERRED,
        registers={2: "page1", 3: SENTINEL},
        fill={"page1": 0},
        code=f"STG 3,0(2)\n{FULL}ESSA 5,2,1\nLG 7,0(2)",
        end=FinalState(registers={5: state_byte("Ur"), 7: SENTINEL}, pages={"page1": "Sr"}),
        **common,
    )


SECTION = CaseSection("Page hinting: pages that KVM's host takes", (*requests(), *accesses(), *lists()))
