# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGNAL PROCESSOR, order by order."""

from __future__ import annotations

from collections.abc import Iterator

from tools.conform.architecture.case import TWO_CPUS, VERIFIED, Case, CaseSection, FinalState, Need, facility
from tools.conform.architecture.second_cpu import YIELD

SOURCE = "PoP 4, CPU Signaling and Response; Linux arch/s390/kvm/sigp.c (architecture reference F6)"
SENTINEL = 0x3333_3333_3333_3333
HIGH = 0x3333_3333_0000_0000
ORDERS = (*range(0x01, 0x07), 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0x15, 0x1F, 0xFF)
INVALID_ORDER, STOPPED, CALL_PENDING, INVALID_PARAMETER, INCORRECT_STATE, NOT_RUNNING = (
    2,
    0x40,
    0x80,
    0x100,
    0x200,
    0x400,
)
# CPU 1 begins at the label other when it is restarted.
START_OTHER = "LARL 8,other\nSTG 8,0x1A8\n"
# DIAGNOSE 44 hex gives the rest of a time slice away, where there are any.
WAIT_FOR_PAGE1 = f"LLILF 9,page1\nwaiting: {YIELD}\nLTG 10,0(9)\nBRC 8,waiting\n"


def simple(
    name: str,
    rule: str,
    code: str,
    *,
    cpu: int = 1,
    cc: int,
    status: int | None = None,
    parameter: int | str = 0,
    needs: tuple[Need, ...] = (TWO_CPUS,),
) -> Case:
    """Code whose last instruction is SIGP with R1 4 and R3 2."""
    return Case(
        name=name,
        rule=rule,
        source=SOURCE,
        basis=VERIFIED,
        needs=needs,
        registers={2: cpu, 4: SENTINEL, 5: parameter},
        code=code,
        end=FinalState(cc=cc, registers={4: SENTINEL if status is None else HIGH | status}),
    )


def answers() -> Iterator[Case]:
    for order in ORDERS:
        yield simple(
            f"not-operational-{order:02x}",
            "An order to a CPU that does not exist has cc 3, whatever the order is.",
            f"SIGP 4,2,{order}",
            cpu=0x7FFE,
            cc=3,
            needs=(),
        )
    for order in (0x00, 0x1F, 0xFF):
        yield simple(
            f"unassigned-{order:02x}",
            "An order that is not assigned has cc 1 and the status invalid order; bits 0-31 of R1 stay.",
            f"SIGP 4,2,{order}",
            cpu=0,
            cc=1,
            status=INVALID_ORDER,
            needs=(),
        )
    yield simple("sense-self", "A CPU that operates has no status: cc 0.", "SIGP 4,2,1", cpu=0, cc=0, needs=())
    yield simple("sense-stopped", "Sense tells of a stopped CPU.", "SIGP 4,2,1", cc=1, status=STOPPED)
    yield simple(
        "sense-bits",
        "Only bits 48-63 of R3 and 56-63 of the address count.",
        "LGHI 6,0x100\nIIHF 2,5\nSIGP 4,2,1(6)",
        cc=1,
        status=STOPPED,
    )
    yield simple(
        "sense-running-status",
        "Sense running status tells of a CPU that does not run.",
        "SIGP 4,2,0x15",
        cc=1,
        status=NOT_RUNNING,
        needs=(TWO_CPUS, facility(9)),
    )
    yield simple(
        "sense-running-status-self",
        "A CPU that runs has no such status: cc 0.",
        "SIGP 4,2,0x15",
        cpu=0,
        cc=0,
        needs=(facility(9),),
    )
    yield simple(
        "conditional-emergency-signal",
        "A conditional emergency signal is sent to a CPU that operates.",
        "SIGP 4,2,0x13",
        cpu=0,
        cc=0,
        needs=(),
    )
    yield simple("stop-and-store-status", "Stop and store status is accepted.", "SIGP 4,2,9", cc=0)
    yield simple("emergency-signal", "An emergency signal is always accepted.", "SIGP 4,2,3", cc=0)
    yield simple("external-call", "An external call is accepted.", "SIGP 4,2,2", cc=0)
    yield simple(
        "external-call-pending",
        "A second external call finds the first one pending.",
        "SIGP 6,2,2\nSIGP 4,2,2",
        cc=1,
        status=CALL_PENDING,
    )
    yield simple(
        "sense-external-call",
        "Sense tells of an external call that is pending.",
        "SIGP 6,2,2\nSIGP 4,2,1",
        cc=1,
        status=CALL_PENDING | STOPPED,
    )
    yield simple(
        "reset-clears-external-call",
        "A CPU reset ends what is pending.",
        "SIGP 6,2,2\nSIGP 6,2,0x0C\nSIGP 4,2,1",
        cc=1,
        status=STOPPED,
    )
    for name, order in (("stop", 5), ("cpu-reset", 0x0C), ("initial-cpu-reset", 0x0B)):
        yield simple(
            f"{name}-stopped", "An order that leads to where a CPU is already is accepted.", f"SIGP 4,2,{order}", cc=0
        )
    yield simple("set-prefix", "A stopped CPU takes a prefix.", "SIGP 4,2,0x0D", cc=0, parameter="page1")
    yield simple(
        "set-prefix-nowhere",
        "A prefix outside of storage is an invalid parameter.",
        "SIGP 4,2,0x0D",
        cc=1,
        status=INVALID_PARAMETER,
        parameter=0x7FFF_E000,
    )
    yield simple(
        "set-prefix-operating",
        "A CPU that operates is in the incorrect state for a prefix.",
        "SIGP 4,2,0x0D",
        cpu=0,
        cc=1,
        status=INCORRECT_STATE,
        parameter="page1",
        needs=(),
    )
    yield simple(
        "store-status-operating",
        "A CPU that operates is in the incorrect state for storing its status.",
        "SIGP 4,2,0x0E",
        cpu=0,
        cc=1,
        status=INCORRECT_STATE,
        parameter="page1",
        needs=(),
    )
    yield simple(
        "store-status-nowhere",
        "An address outside of storage is an invalid parameter.",
        "SIGP 4,2,0x0E",
        cc=1,
        status=INVALID_PARAMETER,
        parameter=0x7FFF_FE00,
    )
    yield simple(
        "set-architecture",
        "With the configuration in z/Architecture mode only, set architecture is an invalid parameter.",
        "SIGP 4,2,0x12",
        cpu=0,
        cc=1,
        status=INVALID_PARAMETER,
        parameter=1,
        needs=(facility(138),),
    )


def effects() -> Iterator[Case]:
    common = {"source": SOURCE, "basis": VERIFIED, "needs": (TWO_CPUS,)}
    run = f"{START_OTHER}SIGP 4,2,6\n{WAIT_FOR_PAGE1}"
    other = f"\nBRC 15,done\nother: LGHI 11,7\nLLILF 12,page1\nSTG 11,0(12)\nend: {YIELD}\nBRC 15,end\ndone: LGHI 15,1"
    yield Case(
        name="restart",
        rule="A stopped CPU that is restarted operates at its restart new PSW.",
        registers={2: 1},
        fill={"page1": 0},
        code=f"{run}SIGP 6,2,1\n{other}",
        end=FinalState(cc=0, storage={"page1": 7}),
        **common,
    )
    yield Case(
        name="stop",
        rule="Stop stops a CPU, which sense tells of then.",
        registers={2: 1, 6: SENTINEL},
        fill={"page1": 0},
        code=f"{run}SIGP 4,2,5\nsensing: {YIELD}\nSIGP 6,2,1\nBRC 10,sensing\nIPM 13\n{other}",
        end=FinalState(registers={6: HIGH | STOPPED, 13: (0x1000_0000, 0x3000_0000)}),
        **common,
    )
    yield Case(
        name="start",
        rule="A CPU that was stopped goes on when it is started.",
        registers={2: 1, 6: SENTINEL},
        fill={"page1": 0},
        code=f"""{run}SIGP 4,2,5
            sensing: {YIELD}
            SIGP 6,2,1
            BRC 10,sensing
            LGHI 14,0
            STG 14,0(9)
            SIGP 4,2,4
            again: {YIELD}
            LTG 10,0(9)
            BRC 8,again
            BRC 15,done
            other: LGHI 11,7
            LLILF 12,page1
            end: STG 11,0(12)
            {YIELD}
            BRC 15,end
            done: LGHI 15,1""",
        end=FinalState(storage={"page1": 7}),
        **common,
    )
    yield Case(
        name="store-status",
        rule="Status is stored at the address: general registers at 80 hex, PSW at 100 hex, prefix at 118 hex, "
        "control registers at 180 hex.",
        registers={2: 1, 3: "page3", 5: "page2", 6: SENTINEL},
        fill={"page1": 0, "page3": 0},
        code=f"""{run}SIGP 6,2,5
            sensing: {YIELD}
            SIGP 6,2,1
            BRC 10,sensing
            SIGP 4,2,0x0E
            BRC 15,done
            other: LGHI 11,7
            LLILF 12,page1
            STG 11,0(12)
            end: {YIELD}
            BRC 15,end
            done: LGHI 15,1""",
        end=FinalState(
            cc=0,
            storage={
                "page2+0xd8": 7,
                "page2+0xe0": "page1",
                "page2+0x100": (0x1_8000_0000, 0xFFFF_CFFF_FFFF_FFFF),
                # Somewhere in its loop.
                "page2+0x108": (0x8000, 0xFFFF_FFFF_FFFF_FF00),
                "page2+0x118": (0, 0xFFFF_FFFF << 32),
                "page2+0x180": 0xE0,
                "page2+0x1f0": 0xC200_0000,
            },
        ),
        **common,
    )
    yield Case(
        name="prefix-of-restart",
        rule="The prefix that was set is the one by which the restart new PSW is found.",
        registers={2: 1, 5: "page3"},
        storage={"page3+0x1a0": (0x1_8000_0000).to_bytes(8, "big")},
        fill={"page1": 0},
        code=f"""SIGP 4,2,0x0D
            LARL 8,other
            LLILF 9,page3
            STG 8,0x1A8(9)
            SIGP 4,2,6
            {WAIT_FOR_PAGE1}
            BRC 15,done
            other: LLILF 12,page1
            STPX 8(12)
            LGHI 11,7
            STG 11,0(12)
            end: {YIELD}
            BRC 15,end
            done: LGHI 15,1""",
        end=FinalState(storage={"page1+8": (0x0004_2000 << 32, 0xFFFF_FFFF << 32)}),
        **common,
    )


SECTION = CaseSection("Signal processor", (*answers(), *effects()))
