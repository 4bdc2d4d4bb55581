# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE 10 hex: pages whose content the guest gives up, on a host that takes pages and on one that does not."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import INFERRED, KVM, PAGING, ZVM, Case, CaseSection, FinalState

SOURCE = "Linux arch/s390/kernel/diag.c, arch/s390/kvm/diag.c; page-hinting reference 1.4, 6.4"
CONTENT = 0x0077_7777_7777_7777
# The state before, and after, for z/VM and for KVM.
STATES = (("Sr", "Sz", "Sp"), ("Ur", "Uz", "Up"), ("Vr", "Vz", "Vp"), ("Pr", "Vz", "Pp"))


def released() -> Iterator[Case]:
    for before, for_zvm, for_kvm in STATES:
        for profile, need, after in (("zvm", ZVM, for_zvm), ("kvm", KVM, for_kvm)):
            for host, needs in (("", (need,)), ("-paging", (need, PAGING))):
                yield Case(
                    name=f"{profile}{host}-{before}",
                    rule="What is said of the use of a page that is released stays, and its content is nowhere.",
                    source=SOURCE,
                    basis=INFERRED,
                    needs=needs,
                    registers={2: "page2", 3: "page2"},
                    fill={"page1": CONTENT, "page2": CONTENT, "page3": CONTENT},
                    pages={"page2": before},
                    code="DIAG 2,3,0x10",
                    end=FinalState(pages={"page2": after}, storage={"page1": CONTENT, "page3": CONTENT}),
                )
    for profile, need in (("zvm", ZVM), ("kvm", KVM)):
        for name, is_pressed in (("resident", False), ("preserved", True)):
            yield Case(
                name=f"{profile}-{name}-zeros",
                rule="A page that was released has zeros, and those beside it what they had.",
                source=SOURCE,
                basis=INFERRED,
                needs=(need, PAGING),
                registers={2: "page2", 3: "page3", 5: "page5"},
                fill={f"page{number}": CONTENT for number in range(1, 6)},
                is_pressed=is_pressed,
                code="DIAG 2,3,0x10\nMVI 8(5),1",
                end=FinalState(
                    storage={"page1": CONTENT, "page2": 0, "page3": 0, "page4": CONTENT, "page5": CONTENT}
                    | {"page5+8": 0x01 << 56}
                ),
            )


SECTION = CaseSection("Page hinting: pages that the guest releases", tuple(released()))
