# SPDX-License-Identifier: GPL-2.0-or-later
"""A prefix area whose pages are not stable: interruptions cannot be taken there, and another CPU learns of it.

CPU 1 gets such an area, the pages page3 and page4, and has an interruption; CPU 0 senses what has become of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK
from tools.conform.architecture.case import (
    ANY_CONDITION_CODE,
    INFERRED,
    TWO_CPUS,
    ZVM,
    Case,
    CaseSection,
    FinalState,
    Going,
    Need,
    external,
)
from tools.conform.architecture.second_cpu import SENSE_STOPPED, YIELD

SOURCE = "PoP 4, Check-Stop State, Prefixing; page-hinting reference 2.4 (the prefix area must be stable)"
SENTINEL = 0x3333_3333_3333_3333
CHECK_STOP = 0x10
MALFUNCTION_ALERT, EMERGENCY = 0x1200, 0x1201
ALERT_MASK, EMERGENCY_MASK = 1 << 15, 1 << 14
CR0 = 0xE0
NEEDS: tuple[Need, ...] = (ZVM, TWO_CPUS)
# CPU 1, when it is restarted, has page3 and page4 as its prefix area; then comes what it does there.
OTHER = "other: LARL 5,prefix\nSPX 0(5)\n"
DATA = "BRC 15,begin\nprefix: DC X'00042000'\nbegin: LARL 8,other\nSTG 8,0x1A8\n"
END = f"\nend: {YIELD}\nBRC 15,end\ndone: LGHI 15,1"
WAIT = f"{SENSE_STOPPED}BRC 15,done\n"
INTERRUPTIONS = {
    "supervisor-call": "SVC 1",
    "program": "DC X'0000'",
    "access": "LG 3,0x200",
    "external": "LLILF 9,page1\nLGHI 7,1\nSIGP 4,7,3\nLG 10,8(9)\nLCTLG 0,0,8(9)\nSTOSM 0(9),1\nBCR 0,0",
}


def check_stops() -> Iterator[Case]:
    common = {"basis": INFERRED, "needs": NEEDS, "source": SOURCE}
    for state in ("Vz", "Uz"):
        for name, trigger in INTERRUPTIONS.items():
            yield Case(
                name=f"{name}-{state}",
                rule="A CPU that cannot store an interruption in its prefix area, since that is not stable, enters the "
                "check-stop state.",
                registers={2: 1},
                pages={"page3": state},
                fill={"page1+8": CR0 | EMERGENCY_MASK},
                code=f"{DATA}SIGP 4,2,6\n{WAIT}{OTHER}{trigger}{END}",
                end=FinalState(registers={6: CHECK_STOP, 15: 1}, pages={"page3": state}),
                **common,
            )
        yield Case(
            name=f"restart-{state}",
            rule="A restart, too, needs the prefix area.",
            registers={2: 1, 5: "page3"},
            pages={"page3": state},
            code=f"{DATA}SIGP 4,2,0x0D\nSIGP 4,2,6\n{WAIT}{OTHER}{END}",
            end=FinalState(registers={6: CHECK_STOP, 15: 1}, pages={"page3": state}),
            **common,
        )
        yield Case(
            name=f"second-page-{state}",
            rule="An interruption that stores nothing in the second page of the prefix area is taken whatever that is.",
            registers={2: 1},
            storage={"page3+0x1c0": ADDRESSING_MODE.to_bytes(8, "big")},
            fill={"page1": 0},
            pages={"page4": state},
            code=f"""{DATA}
                LARL 8,there
                LLILF 9,page3
                STG 8,0x1C8(9)
                SIGP 4,2,6
                waiting: {YIELD}
                LLILF 9,page1
                LTG 10,0(9)
                BRC 8,waiting
                BRC 15,done
                {OTHER}
                SVC 1
                there: LLILF 9,page1
                LGHI 11,7
                STG 11,0(9)
                {END}""",
            end=FinalState(registers={15: 1}, pages={"page4": state}, storage={"page1": 7}),
            **common,
        )
    yield Case(
        name="orders-in-check-stop",
        rule="In the check-stop state a CPU accepts only resets; another order finds the status.",
        registers={2: 1, 6: SENTINEL, 7: SENTINEL},
        pages={"page3": "Vz"},
        code=f"""{DATA}
            SIGP 4,2,6
            {SENSE_STOPPED}
            SIGP 8,2,3
            SIGP 10,2,4
            SIGP 12,2,0x0B
            LGHI 7,0
            SIGP 7,2,1
            BRC 15,done
            {OTHER}SVC 1
            {END}""",
        end=FinalState(
            cc=1,
            registers={
                6: CHECK_STOP,
                7: 0x40,
                8: (CHECK_STOP, 0xFFFF_FFFF),
                10: (CHECK_STOP, 0xFFFF_FFFF),
                12: 0,
                15: 1,
            },
        ),
        **common,
    )


def malfunction_alerts() -> Iterator[Case]:
    enabled = ADDRESSING_MODE | EXTERNAL_MASK, ANY_CONDITION_CODE
    common = {"basis": INFERRED, "needs": NEEDS, "source": f"{SOURCE}; PoP 6, External Interruption, Malfunction Alert"}
    rule = "A CPU that enters the check-stop state alerts all others: an external interruption with its address."
    begin = f"{DATA}SIGP 4,2,6\n{SENSE_STOPPED}"
    rest = f"BRC 15,done\n{OTHER}SVC 1{END}"
    alert = external(MALFUNCTION_ALERT, at="after", mask=enabled, cpu_address=1, going=Going.OLD)
    yield Case(
        name="malfunction-alert",
        rule=rule,
        controls={0: CR0 | ALERT_MASK},
        registers={2: 1},
        pages={"page3": "Vz"},
        code=f"{begin}STOSM 0x800,1\nafter: LGHI 14,1\n{rest}",
        events=(alert,),
        end=FinalState(registers={14: 1, 15: 1}),
        **common,
    )
    yield Case(
        name="malfunction-alert-masked",
        rule="It stays pending while its mask in CR0 is zero.",
        controls={0: CR0},
        registers={2: 1},
        pages={"page3": "Vz"},
        fill={"page1": CR0 | ALERT_MASK},
        code=f"{begin}STOSM 0x800,1\nLGHI 14,1\nLLILF 9,page1\nLCTLG 0,0,0(9)\nafter: LGHI 13,1\n{rest}",
        events=(alert,),
        end=FinalState(registers={13: 1, 14: 1, 15: 1}),
        **common,
    )
    yield Case(
        name="malfunction-alert-first",
        rule="A malfunction alert comes before an emergency signal.",
        controls={0: CR0 | ALERT_MASK | EMERGENCY_MASK},
        registers={2: 1, 7: 0},
        pages={"page3": "Vz"},
        code=f"{begin}SIGP 4,7,3\nSTOSM 0x800,1\nafter: LGHI 14,1\n{rest}",
        events=(alert, external(EMERGENCY, at="after", mask=enabled, cpu_address=0, going=Going.OLD)),
        end=FinalState(registers={14: 1, 15: 1}),
        **common,
    )


SECTION = CaseSection("Page hinting: the low core", (*check_stops(), *malfunction_alerts()))
