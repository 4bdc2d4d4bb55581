# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages that are given up while the host is short of memory: none of them comes back, and the host has room again."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture import layout
from tools.conform.architecture.case import INFERRED, KVM, PAGING, ZVM, Case, CaseSection, FinalState
from tools.conform.architecture.page_states import state_byte

PATCH = "Schwidefsky v7 patch 6/6 (page-hinting reference 1.4, 5.1)"
LIST = "Linux arch/s390/kvm/priv.c, arch/s390/mm/gmap.c (page-hinting reference 6.2, 6.4)"
RELEASE = "Linux arch/s390/kernel/diag.c, arch/s390/kvm/diag.c; page-hinting reference 1.4, 6.4"
CONTENT, SENTINEL = 0x7777_7777_7777_7777, 0x3333_3333_3333_3333
ENTRIES = 511
"""Of KVM's block release list."""


def each_page(label: str, code: str) -> str:
    """*code* for each of the pages that are touched so that the host takes others; register 2 has its address."""
    return f"""
        LLILF 2,{layout.PRESSURE}
        LLILF 3,{layout.PRESSURE_END}
        {label}: {code}
        {label}_next: AGHI 2,0x1000
        CGR 2,3
        BRC 4,{label}
    """


def listing(label: str, count: int, page: str = "page2") -> str:
    """Put *count* entries in KVM's list, all of the same page, which is not resident."""
    return f"LLILF 8,{page}\nLGHI 9,{count}\n{label}: ESSA 4,8,2\nAGHI 9,-1\nBRC 7,{label}\n"


# What register 6 has in the end is what was found in pages that had been preserved, and were given up.
def looked_at(given_up: str) -> str:
    return each_page("looking", f"ESSA 4,2,1\nCGHI 4,{state_byte(given_up)}\nBRC 7,looking_next\nLLGC 5,0(2)\nOGR 6,5")


GIVEN_UP = each_page("giving", "ESSA 4,2,2")


def contents() -> Iterator[Case]:
    common = {"basis": INFERRED, "is_pressed": True, "fill": {"page2": CONTENT}}
    yield Case(
        name="zvm-zeros",
        rule="No page that was preserved when it was made unused has its content when it is made stable again.",
        source=PATCH,
        needs=(ZVM, PAGING),
        code=GIVEN_UP + looked_at("Uz"),
        end=FinalState(registers={6: 0}),
        **common,
    )
    yield Case(
        name="kvm-zeros",
        rule="No page that was preserved when it was made unused, and that the host has released, has its content.",
        source=LIST,
        needs=(KVM, PAGING),
        code=GIVEN_UP + listing("filling", ENTRIES + 1) + looked_at("Uz"),
        end=FinalState(registers={6: 0}),
        **common,
    )
    for name, need, taken in (("zvm", ZVM, "Sz"), ("kvm", KVM, "Sp")):
        yield Case(
            name=f"{name}-resident",
            rule="The host has no use any more for the frame of a page that was released: the page stays nowhere.",
            source=RELEASE,
            needs=(need, PAGING),
            registers={2: "page1", 7: SENTINEL},
            fill={"page1": CONTENT},
            basis=INFERRED,
            code="LGR 6,2\nLGR 3,2\nDIAG 2,3,0x10\n" + each_page("pressing", "MVI 0(2),1") + "ESSA 8,6,0\nLG 7,0(6)",
            end=FinalState(registers={7: 0, 8: state_byte(taken)}),
        )


def rounds() -> Iterator[Case]:
    """All pages are written, and given up, so often that the host has no room if it keeps something of each."""
    common = {"basis": INFERRED, "is_pressed": True, "fill": {"page2": CONTENT}}

    def repeated(code: str, times: int = 3) -> str:
        return f"LGHI 10,{times}\nonce_more: {code}\nAGHI 10,-1\nBRC 7,once_more\n"

    used = each_page("using", "ESSA 4,2,1\nMVI 0(2),1")
    rule = "However often pages are given up, the host has room for others."
    end = FinalState(registers={10: 0})
    yield Case(
        name="zvm-rounds",
        rule=rule,
        source=PATCH,
        needs=(ZVM, PAGING),
        code=repeated(used + GIVEN_UP),
        end=end,
        **common,
    )
    yield Case(
        name="kvm-rounds",
        rule=rule,
        source=LIST,
        needs=(KVM, PAGING),
        code=repeated(used + GIVEN_UP + listing("filling", 200)),
        end=end,
        **common,
    )
    yield Case(
        name="kvm-rounds-unused",
        rule="An unused page that is touched has no content for which the host needs room.",
        source=LIST,
        needs=(KVM, PAGING),
        code=repeated(each_page("using", "MVI 0(2),1") + GIVEN_UP, 4),
        end=end,
        **common | {"is_pressed": False},
    )


def lists() -> Iterator[Case]:
    """When KVM's list is full: with the entry behind the last one, which the host is called for."""
    for name, code, others, content in (
        ("full", "ESSA 5,6,2\n", ENTRIES - 1, CONTENT),
        ("overfull", "ESSA 5,6,2\n", ENTRIES, 0),
        ("volatile-full", "ESSA 5,6,3\n", ENTRIES - 1, CONTENT),
        ("volatile-overfull", "ESSA 5,6,3\n", ENTRIES, 0),
        ("potentially-volatile-full", "ESSA 5,6,4\n", ENTRIES - 1, CONTENT),
        ("potentially-volatile-overfull", "ESSA 5,6,4\n", ENTRIES, 0),
        # A page that is resident, one that was nowhere, requests that say nothing of its content.
        ("resident-unused", "ESSA 5,6,2\nMVI 8(7),1\nESSA 5,7,2\n", ENTRIES - 1, CONTENT),
        ("resident-volatile", "ESSA 5,6,2\nMVI 8(7),1\nESSA 5,7,3\n", ENTRIES - 1, CONTENT),
        ("zero-potentially-volatile", "ESSA 5,6,2\nESSA 5,8,2\nESSA 5,8,4\n", ENTRIES - 2, CONTENT),
        ("stable", "ESSA 5,6,2\nESSA 5,8,1\n", ENTRIES - 1, CONTENT),
    ):
        yield Case(
            name=f"list-{name}",
            rule="What was preserved of a page that is on the list stays until the list is full and one more entry is "
            "needed; there are 511. Only a page that is not resident comes on it, when it is made unused or volatile, "
            "or when what was preserved of it is given up.",
            source=LIST,
            basis=INFERRED,
            needs=(KVM, PAGING),
            registers={3: SENTINEL, 6: "page1", 7: "page3", 8: "page4"},
            fill={"page1": CONTENT, "page2": CONTENT, "page3": CONTENT},
            keys={"page1": 0, "page4": 0},
            is_pressed=True,
            code=f"{code}{listing('filling', others)}ESSA 5,6,1\nLG 3,0(6)",
            end=FinalState(registers={3: content}),
        )
    yield Case(
        name="list-preserved-again",
        rule="A page on the list that has been used, and that the host has taken again, is left alone.",
        source=LIST,
        basis=INFERRED,
        needs=(KVM, PAGING),
        registers={6: "page1", 7: SENTINEL},
        fill={"page1": CONTENT, "page2": CONTENT},
        is_pressed=True,
        code="ESSA 5,6,2\nESSA 5,6,1\nSTG 7,0(6)\n"
        + each_page("pressing", "MVI 0(2),1")
        + f"ESSA 11,6,0\n{listing('filling', ENTRIES)}LG 12,0(6)",
        end=FinalState(registers={11: state_byte("Sp"), 12: SENTINEL}),
    )


SECTION = CaseSection("Page hinting: pages that are given up under pressure", (*contents(), *rounds(), *lists()))
