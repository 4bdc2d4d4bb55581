# SPDX-License-Identifier: GPL-2.0-or-later
"""How many of each control instruction the machine executes a second, in supervisor state with DAT on, as a kernel
does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.isa.assembler import assemble
from emu.psw import ADDRESSING_MODE, DAT, Psw
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.guest_loop import DATA, PAGE_TABLES, START, SUBROUTINES, GuestLoop, rounds_for

if TYPE_CHECKING:
    from emu.machine import Machine

MILLION: Final = 1_000_000
PROGRAM_INTERRUPTION: Final = "program interruption"
_TIMES: Final = 8
"""How often an instruction stands in a loop."""
_MASK: Final = ADDRESSING_MODE | DAT
_SVC_OLD_PSW: Final = 0x140
_PROGRAM_OLD_PSW: Final = 0x150
_SVC_NEW_PSW: Final = 0x1C0
_PROGRAM_NEW_PSW: Final = 0x1D0
_DISTANT: Final = 0x50000
"""A page that no code and no operand lies in; register 6 points to it."""
_PAGE_INDEX: Final = _DISTANT >> 12
_LENGTH_OF_LPSWE: Final = 4


@dataclass(frozen=True, slots=True)
class ControlLoop:
    """A loop of something that is counted."""

    loop: GuestLoop
    counted: str
    """The mnemonic, if the model counts this instruction, and the name of an interruption otherwise."""
    times: int = _TIMES
    """How many there are in a round."""

    def count(self, machine: Machine) -> int | None:
        """How many *machine* has executed; None if it does not count them."""
        counts = machine.counts
        if self.counted == PROGRAM_INTERRUPTION:
            return counts.program_interruptions.total()
        return counts.instructions[self.counted] if self.counted else None


def _loop(
    *statements: str,
    registers: dict[int, int] | None = None,
    cpus: int = 1,
    prepare: Callable[[Machine], None] | None = None,
) -> GuestLoop:
    """A loop of *statements*, the whole of them repeated to :data:`_TIMES` of their first mnemonic."""
    mnemonic = statements[0].split()[0]
    repeated = _TIMES // sum(each.split()[0] == mnemonic for each in statements)
    body = b"".join(assemble(each) for each in statements) * repeated
    return GuestLoop(body, registers=registers or {}, cpus=cpus, translates=True, prepare=prepare)


def _swapping(code: bytes, old_psw: int, new_psw: int) -> GuestLoop:
    """A loop of instructions that are interrupted by a class with these locations, and handled by going back."""
    handler = Psw(_MASK, SUBROUTINES).to_bytes()
    back = assemble(f"LPSWE {old_psw}(0)")
    # What ends with an operation exception is not counted as executed.
    more = 0 if new_psw == _PROGRAM_NEW_PSW else _TIMES
    return GuestLoop(code * _TIMES, {new_psw: handler, SUBROUTINES: back}, more_instructions=more, translates=True)


def _supervisor_calls() -> GuestLoop:
    # SVC 0
    return _swapping(bytes.fromhex("0a00"), _SVC_OLD_PSW, _SVC_NEW_PSW)


def _program_interruptions() -> GuestLoop:
    # An invalid operation: it ends with the operation exception, and the old PSW is behind it.
    return _swapping(bytes.fromhex("0000"), _PROGRAM_OLD_PSW, _PROGRAM_NEW_PSW)


def _loads_of_psw() -> GuestLoop:
    """Each loads the PSW of the instruction behind it."""
    psws = [Psw(_MASK, START + _LENGTH_OF_LPSWE * number).to_bytes() for number in range(1, _TIMES + 1)]
    body = b"".join(assemble(f"LPSWE {16 * number}(8)") for number in range(_TIMES))
    return GuestLoop(body, {DATA: b"".join(psws)}, translates=True)


def _invalidations() -> GuestLoop:
    # STG 7,0(3): the page-table entry is valid again; IPTE 4,6
    body = (bytes.fromhex("e37030000024") + assemble("IPTE 4,6")) * _TIMES
    registers = {3: PAGE_TABLES + 8 * _PAGE_INDEX, 4: PAGE_TABLES, 6: _DISTANT, 7: _DISTANT}
    return GuestLoop(body, registers=registers, translates=True)


def _comparisons() -> GuestLoop:
    # CLC 0(16,5),0(6): eight bytes are in one page, and eight in the next, of both operands
    registers = {5: _DISTANT + PAGE_SIZE - 8, 6: _DISTANT + 3 * PAGE_SIZE - 8}
    return GuestLoop(bytes.fromhex("d50f50006000") * _TIMES, registers=registers, translates=True)


_SYSTEM_MASK: Final = {DATA: Psw(_MASK, 0).to_bytes()[:1]}


def _set_system_mask() -> GuestLoop:
    return GuestLoop(assemble("SSM 0(8)") * _TIMES, _SYSTEM_MASK, translates=True)


LOOPS: Final = {
    "svc": ControlLoop(_supervisor_calls(), "LPSWE"),
    "program-interruption": ControlLoop(_program_interruptions(), PROGRAM_INTERRUPTION),
    "lpswe": ControlLoop(_loads_of_psw(), "LPSWE"),
    "ssm": ControlLoop(_set_system_mask(), "SSM"),
    "stnsm": ControlLoop(_loop("STNSM 0(8),0xFC"), "STNSM"),
    "stosm": ControlLoop(_loop("STOSM 0(8),0x03"), "STOSM"),
    "spka": ControlLoop(_loop("SPKA 0x10(0)", "SPKA 0(0)"), "SPKA"),
    "mvcos": ControlLoop(_loop("MVCOS 0(8),0(9),3", registers={0: 0x8000_0000, 3: 64}), "MVCOS"),
    "ipte": ControlLoop(_invalidations(), "IPTE"),
    "sske": ControlLoop(_loop("SSKE 7,6", registers={6: _DISTANT, 7: 0x10}), "SSKE"),
    "iske": ControlLoop(_loop("ISKE 7,6", registers={6: _DISTANT}), "ISKE"),
    "rrbe": ControlLoop(_loop("RRBE 7,6", registers={6: _DISTANT}), "RRBE"),
    "sigp-sense": ControlLoop(_loop("SIGP 2,3,1(0)", registers={3: 1}, cpus=2), "SIGP"),
    "stfle": ControlLoop(_loop("STFLE 0(8)", registers={0: 3}), "STFLE"),
    "stpt": ControlLoop(_loop("STPT 0(8)"), "STPT"),
    "stck": ControlLoop(_loop("STCK 0(8)"), "STCK"),
    "essa": ControlLoop(_loop("ESSA 2,6,1", "ESSA 2,6,3", registers={6: _DISTANT}), "ESSA"),
    "lctlg": ControlLoop(_loop("LCTLG 3,3,0(8)"), "LCTLG"),
    "ptlb": ControlLoop(_loop("PTLB"), "PTLB"),
    "epsw": ControlLoop(_loop("EPSW 2,3"), "EPSW"),
    "clc-across-pages": ControlLoop(_comparisons(), ""),
}
"""A value in register 0 of STFLE is the number of doublewords less one; in that of MVCOS it says that the first operand
is in the secondary address space, which is the same here."""


def _rate(name: str, effort: Effort) -> Measured:
    """How many of a control instruction are executed a second."""
    control = LOOPS[name]
    machine = control.loop.machine()
    rounds = rounds_for(machine.seconds, effort)
    before = control.count(machine.machine)
    rates = tuple(control.times * rounds / machine.seconds(rounds) for _ in range(effort.pieces))
    after = control.count(machine.machine)
    # Each piece ends with an LPSWE of its own.
    expected = (control.times * rounds + (control.counted == "LPSWE")) * effort.pieces
    if before is not None and after is not None and after - before != expected:
        raise NotMeasured(f"{after - before:,} were executed, not {expected:,}")
    return Measured(rates)


_FIGURES: Final = (
    ("svc", "SVC and return", 1),
    ("program-interruption", "program interruption and return", 1),
    ("lpswe", "LPSWE", 1),
    ("ssm", "SSM", 1),
    ("stnsm", "STNSM", 1),
    ("stosm", "STOSM", 1),
    ("spka", "SPKA", 2),
    ("mvcos", "MVCOS, 64 bytes", 1),
    ("ipte", "IPTE of one page", 1),
    ("sske", "SSKE", 2),
    ("iske", "ISKE", 2),
    ("rrbe", "RRBE", 2),
    ("sigp-sense", "SIGP sense", 2),
    ("stfle", "STFLE", 1),
    ("stpt", "STPT", 1),
    ("stck", "STCK", 1),
    ("essa", "ESSA", 2),
    ("lctlg", "LCTLG", 1),
    ("ptlb", "PTLB", 2),
    ("epsw", "EPSW", 2),
    ("clc-across-pages", "CLC across pages", 1),
)
"""With the millions a second to be reached: two if there is no operand in storage."""
FIGURES: Final = tuple(
    BenchmarkFigure(name, title, Unit.RATE, partial(_rate, name), millions * MILLION, more_is_better=True)
    for name, title, millions in _FIGURES
)
