# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trace tells, written in one of several shapes: ours, Spike's commit log, QEMU's ``-d in_asm,int``.

In each of them names are ours where the architecture of the other program has others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from emu.isa.disassembler import disassemble
from emu.traces.registers import value_before
from emu.traces.schema import FlowKind, InterruptionClass, Register
from tools.reports import trace_lines as lines
from tools.traces.story import (
    PageStateChanged,
    Told,
    ToldDeviceEvent,
    ToldHostAction,
    ToldInstruction,
    ToldInterruption,
)

if TYPE_CHECKING:
    from tools.traces.opened import OpenedTrace

Write = Callable[[Told], Iterator[str]]
"""From what is told to its lines."""


class TextShape:
    """The lines of :mod:`tools.reports.trace_lines`."""

    def __init__(self, trace: OpenedTrace) -> None:
        self._trace = trace

    def lines(self, told: Told) -> Iterator[str]:
        """The lines of what is *told*."""
        symbols = self._trace.symbols
        match told:
            case ToldInstruction():
                yield self._instruction(told)
            case ToldInterruption():
                kind = told.kind.word
                yield lines.interruption_line(told.cpu, kind, told.code, told.old, told.new, symbols)
            case ToldHostAction():
                yield lines.host_line(told.page, told.before, told.after)
            case ToldDeviceEvent():
                yield f"{told.device}: {told.kind.name.lower()} {told.data.decode(errors='replace')!r}"
            case PageStateChanged():
                yield f"cpu {told.cpu}: {told.address:016x} {essa_text(told)} {symbols.label(told.address)}".rstrip()

    def _instruction(self, told: ToldInstruction) -> str:
        number, cpu, turn = told.number, told.cpu, told.turn

        def half(register: int) -> int:
            return value_before(self._trace.file, number, register, cpu, turn) or 0

        changes = [
            *lines.register_texts(told.registers, half),
            *(lines.state_text(each.page, each.before, each.after) for each in told.states),
            *(lines.key_text(*each) for each in told.keys),
            *(
                lines.store_text(each.logical, each.old, each.new)
                if each.is_store
                else lines.fetch_text(each.logical, each.new)
                for each in told.accesses
            ),
            *(lines.translation_text(each.logical, each.absolute) for each in told.translations),
        ]
        if told.target:
            changes.insert(0, f"target={disassemble(told.target, told.target_address)!r}")
        return lines.instruction_line(
            cpu, told.address, told.code, changes, self._trace.symbols, is_problem_state=told.is_problem_state
        )


class SpikeShape:
    """Spike's commit log: ``core   0: 1 0x0000000000010004 (0xb9ab1023) gr2 0x0 mem 0x1000 0x12``.

    The privilege is 1 in the supervisor state and 0 in the problem state.  What did not end is not in it.
    """

    def __init__(self, trace: OpenedTrace) -> None:
        self._trace = trace

    def lines(self, told: Told) -> Iterator[str]:
        """The lines of what is *told*."""
        match told:
            case ToldInstruction(kind=FlowKind.EXECUTED):
                privilege = 0 if told.is_problem_state else 1
                found = [f"core{told.cpu:4}: {privilege} 0x{told.address:016x} (0x{told.code.hex()})"]
                found += [f"{short_name(each)} 0x{new:016x}" for each, (_, new) in told.registers.items()]
                found += [
                    f"mem 0x{each.logical:016x}" + (f" 0x{each.new.hex()}" if each.is_store else "")
                    for each in told.accesses
                ]
                yield " ".join(found)
            case ToldInterruption():
                name = f"{told.kind.word} {told.code:#06x}"
                yield f"core{told.cpu:4}: exception {name}, epc 0x{told.old.address:016x}"


class QemuShape:
    """QEMU's ``-d in_asm,int``, but each instruction as often as it is executed.

    A block begins where a branch was taken, and at an interruption.
    """

    def __init__(self, trace: OpenedTrace) -> None:
        self._trace = trace
        self._next: tuple[int, int] | None = None
        """CPU and address of what goes on in the present block."""

    def lines(self, told: Told) -> Iterator[str]:
        """The lines of what is *told*."""
        match told:
            case ToldInstruction():
                if self._next != (told.cpu, told.address):
                    named = self._trace.symbols.nearest(told.address, is_problem_state=told.is_problem_state)
                    yield "-" * 16
                    yield f"IN: {'' if named is None else named.symbol.name}"
                self._next = told.cpu, told.address + len(told.code)
                yield f"0x{told.address:08x}:  {_halfwords(told.code):15} {_small(told.code, told.address)}".rstrip()
            case ToldInterruption():
                self._next = None
                yield ""
                if told.kind is InterruptionClass.PROGRAM:
                    psw = f"{told.old.mask:x} {told.old.address:x}"
                    yield f"do_program_interrupt: code=0x{told.code:x} ilen={told.length} psw: {psw}"
                number = _QEMU_NUMBERS.get(told.kind, 0)
                yield f"s390_cpu_do_interrupt: {number} at psw={told.old.mask:x}:{told.old.address:x}"


_QEMU_NUMBERS: Final = {
    InterruptionClass.EXTERNAL: 1,
    InterruptionClass.SVC: 2,
    InterruptionClass.PROGRAM: 3,
    InterruptionClass.RESTART: 4,
    InterruptionClass.IO: 7,
    InterruptionClass.MACHINE_CHECK: 8,
}
"""As QEMU numbers the classes."""

SHAPES: Final[dict[str, Callable[[OpenedTrace], TextShape | SpikeShape | QemuShape]]] = {
    "text": TextShape,
    "spike": SpikeShape,
    "qemu": QemuShape,
}


def essa_text(told: PageStateChanged) -> str:
    """An ESSA where the instruction itself is not there."""
    return (
        f"ESSA {told.request} {lines.request_name(told.request)} {lines.state_text(told.page, told.before, told.after)}"
    )


def short_name(register: int) -> str:
    """A register by the name that the stepper has for it; a half of a vector register has h or l behind it."""
    if register < Register.VECTOR:
        return f"{('gr', 'ar', 'cr')[register >> 4]}{register & 15}"
    if register < Register.FLOATING_POINT_CONTROL:
        number, is_right = divmod(register - Register.VECTOR, 2)
        return f"vr{number}{'l' if is_right else 'h'}" if is_right or number >= 16 else f"fr{number}"
    return _SHORT[Register(register)]


_SHORT: Final = {
    Register.FLOATING_POINT_CONTROL: "fpc",
    Register.PSW_MASK: "pswm",
    Register.PREFIX: "prefix",
    Register.CPU_TIMER: "cputm",
    Register.CLOCK_COMPARATOR: "ckc",
    Register.TOD_PROGRAMMABLE: "todpr",
    Register.BREAKING_EVENT_ADDRESS: "bea",
    Register.INSTRUCTION_ADDRESS: "pswa",
}


def _halfwords(code: bytes) -> str:
    return " ".join(code[at : at + 2].hex() for at in range(0, len(code), 2))


def _small(code: bytes, address: int) -> str:
    """The instruction in small letters, with percent signs, as QEMU's disassembler writes it."""
    if not code:
        return ""
    mnemonic, _, operands = disassemble(code, address).partition(" ")
    return f"{mnemonic.lower():8} {operands}".rstrip()
