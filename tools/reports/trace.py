# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace: a line for each instruction and each interruption.

A line of an instruction has the CPU, S or P for supervisor or problem state, the address, the bytes, the instruction
as text, and what it changed::

    cpu 0: S 0000000000010004 (b9ab1023)     ESSA 2,3,1               gr2=0000000000000000 page[0x8]=Sr->Ur

What a relative operand or a PSW points at stands beside it as ``<name+0x12>``, if there are symbols.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import psw as psw_bits
from emu.events import Observer
from emu.page_states import OperationRequest, name
from emu.program_interruption import ProgramInterruptionCode
from emu.symbols.listing import instruction_text
from emu.symbols.table import NO_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emu.cpu import Cpu
    from emu.machine import Machine
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw
    from emu.symbols.table import SymbolTable

_OF_INSTRUCTIONS: Final = frozenset({"program", "svc"})
"""The classes of interruption that belong to an instruction; the others come between two."""


@dataclass(slots=True)
class _Seen:
    """What a CPU looked like when its last line was written."""

    gr: list[int]
    ar: list[int]
    vr: list[int]
    cr: list[int]
    fpc: int
    prefix: int
    mask: int

    @classmethod
    def of(cls, cpu: Cpu) -> _Seen:
        return cls(
            gr=cpu.gr.tolist(),
            ar=cpu.ar.tolist(),
            vr=cpu.vr.tolist(),
            cr=list(cpu.cr),
            fpc=cpu.registers.fpc,
            prefix=cpu.prefix,
            mask=cpu.psw.mask,
        )

    @property
    def is_problem_state(self) -> bool:
        return bool(self.mask & psw_bits.PROBLEM_STATE)

    @property
    def letter(self) -> str:
        """P in the problem state, S in the supervisor state."""
        return "P" if self.is_problem_state else "S"


class Tracer(Observer):
    """Writes a line for each instruction and interruption; the machine runs step by step for it."""

    wants_instructions = True

    def __init__(self, machine: Machine, write: Callable[[str], object], symbols: SymbolTable = NO_SYMBOLS) -> None:
        """Trace *machine* from its present state on; *write* is called with each line, without a line end.

        :param symbols: they name what instructions refer to, and the addresses of PSWs.
        """
        self._machine = machine
        self._symbols = symbols
        self._write = write
        self._seen: list[_Seen] = []
        self._changes: list[str] = []
        self._interruptions: list[str] = []
        self._is_between = False
        """An interruption was just taken between two instructions."""
        self.refresh()

    def refresh(self) -> None:
        """Take the present state as the one that changes are shown against."""
        self._seen = [_Seen.of(cpu) for cpu in self._machine.cpus]

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`Observer.retired`."""
        before, after = self._seen[cpu.address], _Seen.of(cpu)
        changes = [*_register_changes(before, after)]
        if not self._interruptions:
            changes += _psw_changes(before.mask, after.mask)
        bytes_text = f"({instruction.hex()})" if instruction else "(not fetched)"
        text = self._text(before, address, instruction) if instruction else ""
        columns = f"{bytes_text:14} {text:24} {' '.join(changes + self._changes)}".rstrip()
        self._write(f"cpu {cpu.address}: {before.letter} {address:016x} {columns}")
        for line in self._interruptions:
            self._write(line)
        self._seen[cpu.address] = after
        self._changes.clear()
        self._interruptions.clear()
        self._is_between = False

    def _text(self, before: _Seen, address: int, instruction: bytes) -> str:
        return instruction_text(instruction, address, self._symbols, is_problem_state=before.is_problem_state)

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`Observer.interrupted`."""
        what = f"{kind} interruption {code:#06x}"
        if kind == "program":
            what += f" {interruption_name(code)}"
        named = self._symbols.psw_text
        line = f"cpu {cpu.address}: {what}, old PSW {named(old)}, new PSW {named(cpu.psw)}"
        # An interruption that loads an invalid PSW causes another one before any instruction.
        is_early = self._is_between and old.has_early_exception()
        if kind in _OF_INSTRUCTIONS and not is_early:
            self._interruptions.append(line)
            return
        self._write(line)
        self._is_between = True
        self._seen[cpu.address] = _Seen.of(cpu)

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        self._changes.append(f"page[{page:#x}]={name(before)}->{name(after)}")

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        self._write(f"host: page[{page:#x}]={name(before)}->{name(after)}")

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.key_changed`."""
        self._changes.append(f"key[{page:#x}]={before:02x}->{after:02x}")


def interruption_name(code: int) -> str:
    """The name of the program interruption *code* in the manual's words, in lower case; PER events come with others."""
    if code & ProgramInterruptionCode.PER_EVENT:
        other = code & ~ProgramInterruptionCode.PER_EVENT
        return f"{interruption_name(other)}, PER event" if other else "PER event"
    try:
        return ProgramInterruptionCode(code).name.lower().replace("_", " ")
    except ValueError:
        return "unknown"


def request_name(code: int) -> str:
    """The name of ESSA's operation request *code*, in lower case."""
    try:
        return OperationRequest(code).name.lower().replace("_", " ")
    except ValueError:
        return "unknown"


def _register_changes(before: _Seen, after: _Seen) -> Iterator[str]:
    for letters, old, new, digits in (
        ("gr", before.gr, after.gr, 16),
        ("ar", before.ar, after.ar, 8),
        ("cr", before.cr, after.cr, 16),
    ):
        if old != new:
            for number in range(16):
                if old[number] != new[number]:
                    yield f"{letters}{number}={new[number]:0{digits}x}"
    if before.vr != after.vr:
        yield from _vector_changes(before.vr, after.vr)
    if before.fpc != after.fpc:
        yield f"fpc={after.fpc:08x}"
    if before.prefix != after.prefix:
        yield f"prefix={after.prefix:x}"


def _vector_changes(old: list[int], new: list[int]) -> Iterator[str]:
    """A register of which only the left half changed, below 16, is shown as the floating-point register it is."""
    for number in range(32):
        left, right = 2 * number, 2 * number + 1
        if old[right] != new[right] or (number >= 16 and old[left] != new[left]):
            yield f"vr{number}={new[left]:016x}{new[right]:016x}"
        elif old[left] != new[left]:
            yield f"fr{number}={new[left]:016x}"


def _psw_changes(before: int, after: int) -> list[str]:
    changed = before ^ after
    changes = []
    if changed & psw_bits.CONDITION_CODE:
        changes.append(f"cc={(after & psw_bits.CONDITION_CODE) >> 44}")
    if changed & ~psw_bits.CONDITION_CODE:
        changes.append(f"psw={after:016x}")
    return changes
