# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-interruption codes: what gives each, how the instruction ends, and what is stored."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState
from tools.conform.architecture.exception_row import ExceptionRow

SENTINEL = 0x3333_3333_3333_3333


OPERATION = "An operation code that is not assigned is an operation exception, which suppresses."
UNASSIGNED = (("2", "DC X'0000'", 2), ("4", "DC X'B9FF0000'", 4), ("6", "DC X'E300000000FF'", 6))


def operation() -> Iterator[ExceptionRow]:
    for name, code, ilc in UNASSIGNED:
        yield ExceptionRow(f"operation-{name}", OPERATION, "PoP 6, Operation Exception", code, Code.OPERATION, ilc)
    yield ExceptionRow(
        "operation-before-privileged",
        "An operation exception comes before a privileged-operation exception.",
        "PoP 6, Operation Exception; priority 7.C.1 (architecture reference F2)",
        "DC X'B9FF0000'",
        Code.OPERATION,
        4,
        mask=ADDRESSING_MODE | PROBLEM_STATE,
    )
    yield ExceptionRow(
        "breaking-event",
        "A program interruption stores the address of the last branch that was taken.",
        "PoP 4, Breaking-Event-Address Recording (architecture reference F1)",
        "branch: BRC 15,bad\nNOP2: \nbad: DC X'0000'\nafter: LGHI 15,1".replace("NOP2: \n", "BCR 0,0\n"),
        Code.OPERATION,
        2,
        fields={"breaking_event": "branch"},
    )


PRIVILEGED = (
    *("SSM 0(4)", "STNSM 0(4),0xFF", "STOSM 0(4),0", "LPSW 0(4)", "LPSWE 0(4)", "LCTL 2,2,0(4)", "LCTLG 2,2,0(4)"),
    *("STCTL 2,2,0(4)", "STCTG 2,2,0(4)", "SPX 0(4)", "STPX 0(4)", "STAP 0(4)", "STIDP 0(4)", "SCKC 0(4)"),
    *("STCKC 0(4)", "SPT 0(4)", "STPT 0(4)", "SCK 0(4)", "SCKPF", "SIGP 6,8,0(4)", "ISKE 6,4", "SSKE 6,4"),
    *("RRBE 6,4", "IPTE 6,4", "PTLB", "LRA 6,0(4)", "LRAG 6,0(4)", "LURA 6,4", "LURAG 6,4", "STURA 6,4"),
    *("STURG 6,4", "TPROT 0(4),0(6)", "SERVC 6,4", "STSI 0(4)", "STFL 0(4)", "PALB", "CSP 6,4", "LASP 0(4),0(6)"),
    *("TB 6,4", "STSCH 0(4)", "MSCH 0(4)", "SSCH 0(4)", "TSCH 0(4)", "TPI 0(4)", "HSCH", "CSCH", "RSCH", "XSCH"),
    *("STCRW 0(4)", "SAL", "RCHP", "SCHM", "CHSC 4", "IDTE 6,8,10", "PFMF 6,4", "PTF 4", "CSPG 6,4", "LPP 0(4)"),
    *("STRAG 0(4),0(6)", "TRACE 2,3,0(4)", "TRACG 2,3,0(4)", "DIAG 6,8,0x10(4)"),
    *("LRAY 6,0(4)", "RRBM 6,4", "ESEA 6", "SIGA 0(4)", "STCPS 0(4)"),
)


def privileged() -> Iterator[ExceptionRow]:
    for text in PRIVILEGED:
        mnemonic = text.partition(" ")[0]
        yield ExceptionRow(
            f"privileged-{mnemonic.lower()}",
            "A privileged instruction in the problem state is a privileged-operation exception, before its operands "
            "are looked at.",
            "PoP 6, Privileged-Operation Exception; priority 7.C.2 (architecture reference F2)",
            text if mnemonic != "CHSC" else "CHSC 4,0",
            Code.PRIVILEGED_OPERATION,
            2 if mnemonic == "SCKPF" else 6 if mnemonic in LONG else 4,
            registers={4: "nowhere", 6: SENTINEL, 8: 1, 10: "nowhere"},
            mask=ADDRESSING_MODE | PROBLEM_STATE,
            end=FinalState(registers={6: SENTINEL}),
        )


LONG = {"LCTLG", "STCTG", "LRAG", "LRAY", "TPROT", "LASP", "STRAG", "TRACG"}


def execute() -> Iterator[ExceptionRow]:
    source = "PoP 6, Execute Exception"
    rule = "The target of an execute instruction may not be one, which suppresses; the ILC is that of the first."
    for name, target in (("ex", "EX 0,0(2)"), ("exrl", "EXRL 0,other")):
        for first, code, ilc in (("ex", "EX 0,0(1)", 4), ("exrl", "EXRL 0,target", 6)):
            yield ExceptionRow(
                f"{first}-of-{name}",
                rule,
                source,
                f"LARL 1,target\nbad: {code}\nafter: BRC 15,done\ntarget: {target}\nother: BCR 0,0\ndone: LGHI 15,1",
                Code.EXECUTE,
                ilc,
            )
    yield ExceptionRow(
        "ex-odd-target",
        "An odd target address is a specification exception.",
        "PoP 6, Specification Exception; priority 5 (architecture reference F2)",
        "bad: EX 0,1(2)\nafter: LGHI 15,1",
        Code.SPECIFICATION,
        4,
        registers={2: "page1"},
    )
    yield ExceptionRow(
        "ex-target-operation",
        "The ILC and the old PSW of an exception of the target are those of the execute instruction.",
        "PoP 5, Program Execution; PoP 6 (architecture reference F4)",
        "LARL 1,target\nbad: EX 0,0(1)\nafter: BRC 15,done\ntarget: DC X'E300000000FF'\ndone: LGHI 15,1",
        Code.OPERATION,
        4,
    )
    yield ExceptionRow(
        "exrl-target-operation",
        "The ILC and the old PSW of an exception of the target are those of the execute instruction.",
        "PoP 5, Program Execution; PoP 6 (architecture reference F4)",
        "bad: EXRL 0,target\nafter: BRC 15,done\ntarget: DC X'0000'\ndone: LGHI 15,1",
        Code.OPERATION,
        6,
    )


ADDRESSING = (
    ("load", "LG 3,0(2)", 6),
    ("store", "STG 3,0(2)", 6),
    ("compare", "CLC 0(8,2),0(4)", 6),
    ("move-to", "MVC 0(8,2),0(4)", 6),
    ("move-from", "MVC 0(8,4),0(2)", 6),
    ("test-and-set", "TS 0(2)", 4),
    ("load-multiple", "LMG 3,5,0(2)", 6),
    ("execute", "EX 0,0(2)", 4),
    ("load-real", "LURAG 3,2", 4),
    ("store-real", "STURG 3,2", 4),
    ("insert-key", "ISKE 3,2", 4),
    ("set-key", "SSKE 3,2", 4),
    ("reset-reference", "RRBE 3,2", 4),
    ("set-prefix-operand", "SPX 0(2)", 4),
    ("load-psw", "LPSWE 0(2)", 4),
    ("load-control", "LCTLG 3,3,0(2)", 6),
)


def addressing() -> Iterator[ExceptionRow]:
    for name, code, ilc in ADDRESSING:
        yield ExceptionRow(
            f"addressing-{name}",
            "An operand outside of storage is an addressing exception; the old PSW points behind the instruction.",
            "PoP 6, Addressing Exception",
            code,
            Code.ADDRESSING,
            ilc,
            registers={2: "nowhere", 3: SENTINEL, 4: "page1"},
            end=FinalState(registers={3: SENTINEL}),
        )
    yield ExceptionRow(
        "addressing-fetch",
        "An instruction outside of storage is an addressing exception.",
        "PoP 6, Addressing Exception",
        "bad: BCR 15,2\nafter: LGHI 15,1",
        Code.ADDRESSING,
        None,
        at=None,
        registers={2: "nowhere"},
    )
    yield ExceptionRow(
        "addressing-prefix",
        "A prefix outside of storage is an addressing exception, and the prefix stays.",
        "PoP 10, Set Prefix",
        "SPX 0(4)",
        Code.ADDRESSING,
        4,
        registers={4: "page1"},
        storage={"page1": 0x7FFF_E000_0000_0000},
        end=FinalState(storage={0x101C0: (0, 0xFFFF_FFFF_0000_0000)}),
    )


SPECIFICATION = (
    ("odd-pair-divide", "DR 3,6", 2),
    ("odd-pair-multiply", "MR 3,6", 2),
    ("odd-pair-move-long", "MVCL 3,6", 2),
    ("odd-pair-move-long-second", "MVCL 6,3", 2),
    ("odd-pair-compare-long", "CLCL 3,6", 2),
    ("odd-pair-divide-64", "DSGR 3,6", 4),
    ("odd-pair-move-long-extended", "MVCLE 3,6,0", 4),
    ("odd-pair-compare-double", "CDS 3,6,0(4)", 4),
    ("alignment-compare-and-swap", "CS 3,6,2(4)", 4),
    ("alignment-compare-and-swap-64", "CSG 3,6,4(4)", 6),
    ("alignment-compare-double-128", "CDSG 6,8,8(4)", 6),
    ("alignment-load-psw", "LPSW 4(4)", 4),
    ("alignment-load-psw-extended", "LPSWE 4(4)", 4),
    ("alignment-load-control", "LCTL 2,2,2(4)", 4),
    ("alignment-load-control-64", "LCTLG 2,2,4(4)", 6),
    ("alignment-store-control", "STCTL 2,2,2(4)", 4),
    ("alignment-store-control-64", "STCTG 2,2,4(4)", 6),
    ("alignment-set-prefix", "SPX 2(4)", 4),
    ("alignment-store-prefix", "STPX 2(4)", 4),
    ("alignment-store-cpu-address", "STAP 1(4)", 4),
    ("alignment-store-cpu-id", "STIDP 4(4)", 4),
    ("alignment-set-clock", "SCK 4(4)", 4),
    ("alignment-set-clock-comparator", "SCKC 4(4)", 4),
    ("alignment-store-clock-comparator", "STCKC 4(4)", 4),
    ("alignment-set-cpu-timer", "SPT 4(4)", 4),
    ("alignment-store-cpu-timer", "STPT 4(4)", 4),
    ("alignment-store-facilities", "STFLE 4(4)", 4),
    ("alignment-load-access", "LAM 1,1,2(4)", 4),
    ("alignment-store-access", "STAM 1,1,2(4)", 4),
    ("alignment-load-real", "LURA 3,7", 4),
    ("alignment-store-real", "STURG 3,8", 4),
    ("alignment-load-relative", "LGRL 3,page1+4", 6),
    ("alignment-store-relative", "STRL 3,page1+2", 6),
    ("monitor-class", "MC 0(4),0x10", 4),
    ("set-cpu-timer-odd", "SPT 1(4)", 4),
    ("multiply-decimal-length", "MP 0(4,4),0(9,4)", 6),
    ("divide-decimal-length", "DP 0(12,4),0(9,4)", 6),
    ("divide-decimal-lengths", "DP 0(4,4),0(4,4)", 6),
    ("program-mask-locked-operation", "PLO 3,0(4),6,0(4)", 6),
)


def specification() -> Iterator[ExceptionRow]:
    for name, code, ilc in SPECIFICATION:
        yield ExceptionRow(
            f"specification-{name}",
            "Odd register pairs, operands that are not aligned, and values that are not assigned are a specification "
            "exception, which suppresses.",
            "PoP 6, Specification Exception",
            code,
            Code.SPECIFICATION,
            ilc,
            registers={0: 0x1F if "locked" in name else 0, 3: SENTINEL, 4: "page1", 6: 1, 7: "page1+2", 8: "page1+4"},
            storage={"page1": bytes(64)},
            end=FinalState(registers={3: SENTINEL}, storage={"page1": 0}),
        )


def special() -> Iterator[ExceptionRow]:
    source = "PoP 6, Special-Operation Exception"
    rows = (
        ("ssm-suppression", "SSM 0(4)", 4, {0: 0xE0 | 1 << 30}),
        ("set-address-space", "SAC 0", 4, {0: 0xE0 | 1 << 26}),
        ("set-address-space-fast", "SACF 0", 4, {0: 0xE0 | 1 << 26}),
        ("insert-address-space", "IAC 3", 4, {}),
        ("move-to-primary", "MVCP 0(3,4),8(4),6", 6, {0: 0xE0 | 1 << 26}),
        ("move-to-secondary", "MVCS 0(3,4),8(4),6", 6, {0: 0xE0 | 1 << 26}),
        ("extract-primary", "EPAR 3", 4, {}),
        ("extract-secondary", "ESAR 3", 4, {}),
        ("set-secondary", "SSAR 3", 4, {14: 1 << 19}),
        ("load-address-space", "LASP 0(4),0", 6, {}),
    )
    for name, code, ilc, controls in rows:
        yield ExceptionRow(
            f"special-operation-{name}",
            "Instructions of address spaces with DAT off or their control zero, and SET SYSTEM MASK with its "
            "suppression control one, are a special-operation exception, which suppresses.",
            source,
            code,
            Code.SPECIAL_OPERATION,
            ilc,
            registers={3: 1, 4: "page1"},
            controls=controls,
            storage={"page1": bytes(64)},
        )


def others() -> Iterator[ExceptionRow]:
    yield ExceptionRow(
        "operand-store-subchannel",
        "A subsystem identification whose bits 32-47 are not 0001 hex is an operand exception.",
        "PoP 14, Store Subchannel; PoP 6, Operand Exception",
        "STSCH 0(4)",
        Code.OPERAND,
        4,
        registers={1: 0x10_0000, 4: "page1"},
    )
    yield ExceptionRow(
        "trace-table",
        "A trace entry that would cross a 4K boundary is a trace-table exception, which nullifies; CR12 stays.",
        "PoP 4, Tracing; PoP 6, Trace-Table Exception (architecture reference E1)",
        "bad: TRACE 2,3,0(4)\nafter: LGHI 15,1",
        Code.TRACE_TABLE,
        4,
        at="bad",
        registers={4: "page1"},
        storage={"page1": 0},
        controls={12: 0x41FF8 | 1},
        end=FinalState(controls={12: 0x41FF8 | 1}),
    )
    yield ExceptionRow(
        "monitor-event",
        "A monitor call whose class is enabled in CR8 is a monitor event: class and code are stored; it completes.",
        "PoP 6, Monitor Event; PoP 7, Monitor Call",
        "MC 0x123(4),5",
        Code.MONITOR_EVENT,
        4,
        registers={4: 0x1234_5678_0000_0000},
        controls={8: 1 << 15 - 5},
        fields={"monitor_class": 5, "monitor_code": 0x1234_5678_0000_0123},
    )
    yield ExceptionRow(
        "monitor-event-code-zero",
        "A monitor code may be zero.",
        "PoP 6, Monitor Event; PoP 7, Monitor Call",
        "MC 0(0),5",
        Code.MONITOR_EVENT,
        4,
        controls={8: 1 << 15 - 5},
        fields={"monitor_class": 5, "monitor_code": 0},
    )


def no_interruption() -> Iterator[Case]:
    for name, code, mask, registers, controls, end in (
        ("fixed-point-overflow", "AR 3,4", 0, {3: 0x7FFF_FFFF, 4: 1}, {}, FinalState(cc=3, registers={3: 0x8000_0000})),
        ("monitor-call", "MC 0(4),5", 0, {}, {8: 1 << 15 - 4}, FinalState()),
    ):
        yield Case(
            name=f"masked-{name}",
            rule="With its mask zero the condition is no interruption; the operation completes.",
            source="PoP 6, Program Interruption Conditions",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | mask,
            registers=registers,
            controls=controls,
            code=code,
            end=end,
        )


ROWS = (
    *operation(),
    *privileged(),
    *execute(),
    *addressing(),
    *specification(),
    *special(),
    *others(),
)

SECTION = CaseSection("Program interruptions", (*(row.case() for row in ROWS), *no_interruption()))
