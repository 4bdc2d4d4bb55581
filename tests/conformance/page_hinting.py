# SPDX-License-Identifier: GPL-2.0-or-later
"""ESSA: every request in every state that a program can make by itself, for z/VM's page states and for KVM's."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE
from tools.conform.architecture.case import (
    ESSA,
    INFERRED,
    KVM,
    VERIFIED,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    Need,
    facility,
    program,
)
from tools.conform.architecture.page_states import state_byte

PATCH = "Schwidefsky v7 patch 6/6 (page-hinting reference"

# The state before, and the state after each request.  A star: inferred.
ZVM_TRANSITIONS = """
         0       1    2      3      4      5       6       7
Sr       Sr      Sr   Ur     Vr     Pr     Sr*     Sr      Sr+NT*
Sz       Sz      Sz   Uz     Vz     Vz     Sr*     Sz*     Sz+NT*
Ur       Ur      Sr   Ur     Vr     Pr     Sr*     Sr*     Sr+NT*
Uz       Uz      Sz   Uz     Vz     Vz     Sr*     Sz*     Sz+NT*
Pr       Pr      Sr   Ur     Vr     Pr     Sr*     Sr      Sr+NT*
Vr       Vr      Sr   Ur     Vr     Pr     Sr*     Sr      Sr+NT*
Vz       Vz      Sz   Uz     Vz     Vz     Sr*     Vz      Sz+NT*
Sr+NT    Sr+NT*  Sr*  Ur+NT* Vr+NT* Pr+NT* Sr+NT*  Sr+NT*  Sr+NT*
Sz+NT    Sz+NT*  Sz*  Uz+NT* Vz+NT* Vz+NT* Sr+NT*  Sz+NT*  Sz+NT*
Ur+NT    Ur+NT*  Sr*  Ur+NT* Vr+NT* Pr+NT* Sr+NT*  Sr+NT*  Sr+NT*
Uz+NT    Uz+NT*  Sz*  Uz+NT* Vz+NT* Vz+NT* Sr+NT*  Sz+NT*  Sz+NT*
Pr+NT    Pr+NT*  Sr*  Ur+NT* Vr+NT* Pr+NT* Sr+NT*  Sr+NT*  Sr+NT*
Vr+NT    Vr+NT*  Sr*  Ur+NT* Vr+NT* Pr+NT* Sr+NT*  Sr+NT*  Sr+NT*
Vz+NT    Vz+NT*  Sz*  Uz+NT* Vz+NT* Vz+NT* Sr+NT*  Vz+NT*  Sz+NT*
"""

# KVM, as pgste_perform_essa has it: residency is never changed, and what is not there is preserved or zero.
KVM_TRANSITIONS = """
         0       1    2      3      4      5       6       7
Sr       Sr      Sr   Ur     Vr     Pr     Sr      Sr      Sr+NT
Sp       Sp      Sp   Uz     Vz     Vz     Sp      Sp      Sp+NT
Sz       Sz      Sz   Uz     Vz     Vz     Sz      Sz      Sz+NT
Ur       Ur      Sr   Ur     Vr     Pr     Sr      Sr      Sr+NT
Uz       Uz      Sz   Uz     Vz     Vz     Sz      Uz      Sz+NT
Pr       Pr      Sr   Ur     Vr     Pr     Sr      Sr      Sr+NT
Vr       Vr      Sr   Ur     Vr     Pr     Sr      Sr      Sr+NT
Vz       Vz      Sz   Uz     Vz     Vz     Sz      Vz      Sz+NT
Sr+NT    Sr+NT   Sr   Ur+NT  Vr+NT  Pr+NT  Sr+NT   Sr+NT   Sr+NT
Sz+NT    Sz+NT   Sz   Uz+NT  Vz+NT  Vz+NT  Sz+NT   Sz+NT   Sz+NT
Sp+NT    Sp+NT   Sp   Uz+NT  Vz+NT  Vz+NT  Sp+NT   Sp+NT   Sp+NT
Ur+NT    Ur+NT   Sr   Ur+NT  Vr+NT  Pr+NT  Sr+NT   Sr+NT   Sr+NT
Uz+NT    Uz+NT   Sz   Uz+NT  Vz+NT  Vz+NT  Sz+NT   Uz+NT   Sz+NT
Pr+NT    Pr+NT   Sr   Ur+NT  Vr+NT  Pr+NT  Sr+NT   Sr+NT   Sr+NT
Vr+NT    Vr+NT   Sr   Ur+NT  Vr+NT  Pr+NT  Sr+NT   Sr+NT   Sr+NT
Vz+NT    Vz+NT   Sz   Uz+NT  Vz+NT  Vz+NT  Sz+NT   Vz+NT   Sz+NT
"""

NO_DAT = facility(147)
CC_2 = ADDRESSING_MODE | 2 << 44


def transitions(profile: str, needs: Need, table: str, source: str) -> Iterator[Case]:
    for row in table.strip().splitlines()[1:]:
        before, *after = row.split()
        for request, state in enumerate(after):
            uses_no_dat = request == 7 or "+NT" in before
            yield Case(
                name=f"{profile}-{before}-{request}",
                rule=f"Request {request} on a page in state {before}: R1 gets the state before, and it is "
                f"{state.rstrip('*')} after; the condition code stays.",
                source=source,
                basis=INFERRED if state.endswith("*") else VERIFIED,
                needs=(needs, NO_DAT) if uses_no_dat else (needs,),
                mask=CC_2,
                registers={2: "page1", 3: -1},
                pages={"page1": before},
                code=f"ESSA 3,2,{request}",
                end=FinalState(registers={2: "page1", 3: state_byte(before)}, pages={"page1": state.rstrip("*")}, cc=2),
            )


def refusals() -> Iterator[Case]:
    for request in range(8, 16):
        yield Case(
            name=f"request-{request}",
            rule="Requests 8 to 15 are a specification exception, and the state stays.",
            source="Linux arch/s390/kvm/priv.c, kvm-unit-tests cmm (page-hinting reference 1.5)",
            basis=VERIFIED,
            needs=(ESSA,),
            registers={2: "page1", 3: -1},
            pages={"page1": "Vr"},
            code=f"ESSA 3,2,{request}\nafter: LGHI 4,1",
            events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
            end=FinalState(registers={3: -1, 4: 0}, pages={"page1": "Vr"}),
        )
    for request in (0, 2, 8):
        yield Case(
            name=f"problem-state-{request}",
            rule="In the problem state ESSA is a privileged-operation exception, whatever the request.",
            source="Linux arch/s390/kvm/priv.c, kvm-unit-tests cmm (page-hinting reference 1.5)",
            basis=VERIFIED,
            needs=(ESSA,),
            mask=ADDRESSING_MODE | PROBLEM_STATE,
            registers={2: "page1", 3: -1},
            pages={"page1": "Sr"},
            code=f"ESSA 3,2,{request}\nafter: LGHI 4,1",
            events=(program(Code.PRIVILEGED_OPERATION, ilc=4, at="after"),),
            end=FinalState(registers={3: -1}, pages={"page1": "Sr"}),
        )
    yield Case(
        name="address-nowhere",
        rule="An address outside of storage is an addressing exception.",
        source="Linux arch/s390/kvm/priv.c (page-hinting reference 1.5)",
        basis=VERIFIED,
        needs=(ESSA,),
        registers={2: "nowhere", 3: -1},
        code="ESSA 3,2,0\nafter: LGHI 4,1",
        events=(program(Code.ADDRESSING, ilc=4, at="after"),),
        end=FinalState(registers={3: -1}),
    )
    yield Case(
        name="specification-before-addressing",
        rule="An undefined request is recognised before an address outside of storage.",
        source="Linux arch/s390/kvm/priv.c (page-hinting reference 1.5)",
        basis=VERIFIED,
        needs=(ESSA,),
        registers={2: "nowhere"},
        code="ESSA 3,2,9\nafter: LGHI 4,1",
        events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
    )


def operands() -> Iterator[Case]:
    yield Case(
        name="address-inside-page",
        rule="Bits 52-63 of the address are ignored, and R2 stays.",
        source="Linux arch/s390/kvm/priv.c (page-hinting reference 1.1)",
        basis=VERIFIED,
        needs=(ESSA,),
        registers={2: "page1+0xfff"},
        pages={"page1": "Sr", "page2": "Sr"},
        code="ESSA 3,2,2",
        end=FinalState(registers={2: "page1+0xfff", 3: 0}, pages={"page1": "Ur", "page2": "Sr"}),
    )
    for mode, mask, ignored in (("31-bit", BASIC_ADDRESSING, 0x8000_0000), ("24-bit", 0, 0xFF00_0000)):
        address = 0x1234_5678_0000_0000 | ignored | 0x40FFF
        yield Case(
            name=f"address-{mode}",
            rule="In the 24- and 31-bit modes bits 40-63 or 33-63 of R2 are the address; all of R1 is set.",
            source="PoP 5, Address Generation (page-hinting reference 1.1)",
            basis=INFERRED,
            needs=(ESSA,),
            mask=mask,
            registers={2: address, 3: -1},
            pages={"page1": "Vr"},
            code="ESSA 3,2,1",
            end=FinalState(registers={2: address, 3: 0x0C}, pages={"page1": "Sr"}),
        )
    yield Case(
        name="same-register",
        rule="R1 may be R2: the address is used before the state is put there.",
        source=f"{PATCH} 1.1)",
        basis=INFERRED,
        needs=(ESSA,),
        registers={2: "page1"},
        pages={"page1": "Vr"},
        code="ESSA 2,2,1",
        end=FinalState(registers={2: 0x0C}, pages={"page1": "Sr"}),
    )
    for request in range(7):
        yield Case(
            name=f"key-stays-{request}",
            rule="ESSA changes neither the access-control bits nor the reference and change bits of a resident page.",
            source="page-hinting reference 2.4, 9",
            basis=INFERRED,
            needs=(ESSA,),
            registers={2: "page1"},
            pages={"page1": "Sr"},
            keys={"page1": 0x38},
            code=f"ESSA 3,2,{request}",
            end=FinalState(keys={"page1": 0x38}),
        )
    for name, key, after in (("clean", 0x00, "Vz"), ("changed", 0x02, "Sp")):
        yield Case(
            name=f"kvm-Sp-4-{name}",
            rule="Request 4 on a page that KVM has preserved: discarded if it is clean, stable if it is changed.",
            source="Linux arch/s390/mm/pgtable.c pgste_perform_essa (page-hinting reference 6.4)",
            basis=VERIFIED,
            needs=(KVM,),
            registers={2: "page1"},
            pages={"page1": "Sp"},
            keys={"page1": key},
            code="ESSA 3,2,4",
            end=FinalState(registers={3: 2}, pages={"page1": after}),
        )
    for state in ("Vz", "Uz", "Ur"):
        yield Case(
            name=f"kvm-access-{state}",
            rule="A KVM guest meets no exception at a page that is unused or discarded.",
            source="Linux arch/s390/include/asm/kvm_host.h: no code 1A (page-hinting reference 2.4)",
            basis=INFERRED,
            needs=(KVM,),
            registers={3: -1},
            pages={"page1": state},
            code="LG 3,page1",
            end=FinalState(registers={3: 0}),
        )


SECTION = CaseSection(
    "Page hinting: the requests",
    (
        *transitions("zvm", ZVM, ZVM_TRANSITIONS, f"{PATCH} 1.4)"),
        *transitions(
            "kvm", KVM, KVM_TRANSITIONS, "Linux arch/s390/mm/pgtable.c pgste_perform_essa (page-hinting reference 6.4)"
        ),
        *refusals(),
        *operands(),
    ),
)
