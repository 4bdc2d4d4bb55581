# SPDX-License-Identifier: GPL-2.0-or-later
"""How instructions, interruptions and what they change are written, a line for each.

A line of an instruction has the CPU, S or P for supervisor or problem state, the address, the bytes, the instruction
as text, and what it changed::

    cpu 0: S 0000000000010004 (b9ab1023)     ESSA 2,3,1               gr2=0000000000000000 page[0x8]=Sr->Ur

What a relative operand or a PSW points at stands beside it as ``<name+0x12>``, if there are symbols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import psw as psw_bits
from emu.page_states import OperationRequest, name
from emu.program_interruption import ProgramInterruptionCode
from emu.symbols.listing import instruction_text
from emu.traces.schema import Register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from emu.psw import Psw
    from emu.symbols.table import SymbolTable

_MOST_BYTES: Final = 16
"""Of the content of storage that a line shows."""


def instruction_line(
    cpu: int, address: int, instruction: bytes, changes: Iterable[str], symbols: SymbolTable, *, is_problem_state: bool
) -> str:
    """The line of an *instruction*, which is empty if it could not be fetched."""
    letter = "P" if is_problem_state else "S"
    bytes_text = f"({instruction.hex()})" if instruction else "(not fetched)"
    text = ""
    if instruction:
        text = instruction_text(instruction, address, symbols, is_problem_state=is_problem_state)
    columns = f"{bytes_text:14} {text:24} {' '.join(changes)}".rstrip()
    return f"cpu {cpu}: {letter} {address:016x} {columns}"


def interruption_line(cpu: int, kind: str, code: int, old: Psw, new: Psw, symbols: SymbolTable) -> str:
    """The line of an interruption of the class *kind*."""
    what = f"{kind} interruption {code:#06x}"
    if kind == "program":
        what += f" {interruption_name(code)}"
    return f"cpu {cpu}: {what}, old PSW {symbols.psw_text(old)}, new PSW {symbols.psw_text(new)}"


def is_interruption(line: str) -> bool:
    """Whether *line* is that of an interruption."""
    return ", old PSW " in line


def host_line(page: int, before: int, after: int) -> str:
    """The line of what the host did with a page."""
    return f"host: {state_text(page, before, after)}"


def state_text(page: int, before: int, after: int) -> str:
    """A change of the state of a page."""
    return f"page[{page:#x}]={name(before)}->{name(after)}"


def key_text(page: int, before: int, after: int) -> str:
    """A change of the storage key of a page."""
    return f"key[{page:#x}]={before:02x}->{after:02x}"


def store_text(address: int, old: bytes, new: bytes) -> str:
    """A store at a logical address."""
    return f"[{address:x}]={content_text(old)}->{content_text(new)}"


def fetch_text(address: int, content: bytes) -> str:
    """A fetch from a logical address."""
    return f"[{address:x}]:{content_text(content)}"


def translation_text(logical: int, absolute: int) -> str:
    """A translation of the page at a *logical* address."""
    return f"tlb[{logical:x}]={absolute:x}"


def content_text(content: bytes) -> str:
    """The first bytes of it, and how many there are if that is more."""
    shown = content[:_MOST_BYTES].hex()
    return shown if len(content) <= _MOST_BYTES else f"{shown}..({len(content)})"


def register_texts(
    changes: Mapping[int, tuple[int, int]], half: Callable[[int], int], *, has_psw: bool = True
) -> Iterator[str]:
    """What registers are now, of which *changes* has old and new content by :class:`emu.traces.schema.Register`.

    :param half: what the half of a vector register, by the same numbers, holds that has not changed.
    :param has_psw: whether a change of the PSW is among them.
    """
    for number in sorted(number for number in changes if number < Register.VECTOR):
        bank, letters, digits = _BANKS[number >> 4]
        yield f"{letters}{number - bank}={changes[number][1]:0{digits}x}"
    yield from _vector_texts(changes, half)
    for register, text in _SINGLE.items():
        if register in changes:
            yield text.format(changes[register][1])
    if has_psw and Register.PSW_MASK in changes:
        yield from _psw_texts(*changes[Register.PSW_MASK])


_BANKS: Final = ((Register.GENERAL, "gr", 16), (Register.ACCESS, "ar", 8), (Register.CONTROL, "cr", 16))
_SINGLE: Final = {
    Register.FLOATING_POINT_CONTROL: "fpc={:08x}",
    Register.PREFIX: "prefix={:x}",
    Register.CPU_TIMER: "cputm={:016x}",
    Register.CLOCK_COMPARATOR: "ckc={:016x}",
    Register.TOD_PROGRAMMABLE: "todpr={:08x}",
}


def _vector_texts(changes: Mapping[int, tuple[int, int]], half: Callable[[int], int]) -> Iterator[str]:
    """A register of which only the left half changed, below 16, is shown as the floating-point register it is."""
    numbers = {(each - Register.VECTOR) >> 1 for each in changes if Register.VECTOR <= each < Register.VECTOR + 64}
    for number in sorted(numbers):
        left, right = Register.VECTOR + 2 * number, Register.VECTOR + 2 * number + 1
        high = changes[left][1] if left in changes else half(left)
        if right in changes or number >= 16:
            low = changes[right][1] if right in changes else half(right)
            yield f"vr{number}={high:016x}{low:016x}"
        else:
            yield f"fr{number}={high:016x}"


def _psw_texts(before: int, after: int) -> Iterator[str]:
    changed = before ^ after
    if changed & psw_bits.CONDITION_CODE:
        yield f"cc={(after & psw_bits.CONDITION_CODE) >> 44}"
    if changed & ~psw_bits.CONDITION_CODE:
        yield f"psw={after:016x}"


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
