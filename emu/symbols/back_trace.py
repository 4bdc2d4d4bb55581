# SPDX-License-Identifier: GPL-2.0-or-later
"""Who called the instruction that a CPU is about to execute, by the back chain of its stack.

Source: the ELF application binary interface supplement for s390x, "The Stack Frame".  Register 15 is the address of the
frame; its first doubleword, the back chain, is the address of the caller's frame, in which the called function has
saved register 14, its return address, at offset 112.  The end of the chain is a zero.  Code that was compiled with
``-mpacked-stack``, as Linux may be, has the two at offsets 152 and 136 instead (inferred from what the compiler makes).

A compiler keeps a back chain only if told to (``-mbackchain``, which the kernel is made with).  That register 14 still
has the return address in a function that has called nothing yet is inferred from where it leads, and from where the
function is: at its first instruction, or at the one that saves the registers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.symbols.table import SymbolTable

_MOST: Final = 64
"""Frames."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a stack frame has the back chain, and the return address of what it called."""

    back_chain: int
    return_address: int


_LAYOUTS: Final = (_Layout(0, 112), _Layout(152, 136))
"""That of the ABI, and the packed one."""
_ALIGNMENT: Final = 8
_LONGEST: Final = 6
"""Bytes of an instruction, at most."""


@dataclass(frozen=True, slots=True)
class StackFrame:
    """One function that has not ended."""

    address: int
    """Where it goes on: of the first the instruction address, of others a return address."""
    frame: int | None
    """The address of its stack frame, if it is known."""
    is_return: bool

    def label(self, symbols: SymbolTable, *, is_problem_state: bool = False) -> str:
        """Its symbol as ``<name+0x12>``.

        A call may be the last instruction of a function, so that of a return address the byte before it decides.
        """
        if not self.is_return or not self.address:
            return symbols.label(self.address, is_problem_state=is_problem_state)
        named = symbols.nearest(self.address - 1, is_problem_state=is_problem_state)
        return "" if named is None else f"<{named._replace(offset=named.offset + 1)}>"


@dataclass(frozen=True, slots=True)
class BackTrace:
    """The frames, the innermost first, and why there are no more."""

    frames: tuple[StackFrame, ...]
    end: str

    def known(self, symbols: SymbolTable, *, is_problem_state: bool) -> int:
        """How many frames lie in something that *symbols* name; all of them if there are no symbols."""
        if not symbols:
            return len(self.frames)
        return sum(bool(each.label(symbols, is_problem_state=is_problem_state)) for each in self.frames)

    def lines(self, symbols: SymbolTable, *, is_problem_state: bool = False) -> list[str]:
        """Each frame in a line, with its symbol and source line; a last line says why it ends, unless properly."""
        shown = []
        for number, each in enumerate(self.frames):
            line = symbols.line(each.address - each.is_return, is_problem_state=is_problem_state)
            label = each.label(symbols, is_problem_state=is_problem_state)
            shown.append(f"#{number:<2} {each.address:016x} {label} {line or ''}".rstrip())
        return [*shown, f"({self.end})"] if self.end else shown


def back_trace(
    instruction_address: int,
    register_14: int,
    register_15: int,
    read: Callable[[int, int], bytes | None],
    symbols: SymbolTable,
    *,
    most: int = _MOST,
    is_problem_state: bool = False,
) -> BackTrace:
    """Follow the back chain from *register_15* on.

    :param read: the bytes at a virtual address, so many, looked at without touching them; None if there are none.
    :param most: the number of frames after which it ends in any case.
    """
    found = [
        _follow(layout, instruction_address, register_14, register_15, read, symbols, most, is_problem_state)
        for layout in _LAYOUTS
    ]
    # Of equal ones the first.
    return max(found, key=lambda trace: trace.known(symbols, is_problem_state=is_problem_state))


def _follow(
    layout: _Layout,
    instruction_address: int,
    register_14: int,
    register_15: int,
    read: Callable[[int, int], bytes | None],
    symbols: SymbolTable,
    most: int,
    is_problem_state: bool,
) -> BackTrace:
    frames = [StackFrame(instruction_address, register_15, is_return=False)]
    here = symbols.nearest(instruction_address, is_problem_state=is_problem_state)
    there = symbols.nearest(register_14 - 1, is_problem_state=is_problem_state) if register_14 else None
    is_elsewhere = here is not None and there is not None and here.symbol != there.symbol
    is_at_entry = (here is not None and not here.offset) or _saves_registers(read(instruction_address, _LONGEST))
    has_not_called = bool(register_14) and not register_14 & 1 and (is_elsewhere or is_at_entry)
    if has_not_called:
        frames.append(StackFrame(register_14, None, is_return=True))
    seen: set[int] = set()
    frame = register_15
    while len(frames) < most:
        seen.add(frame)
        if frame % _ALIGNMENT:
            return BackTrace(tuple(frames), f"no frame is at {frame:#x}, which is not a multiple of {_ALIGNMENT}")
        caller = _doubleword(read, frame + layout.back_chain)
        if caller is None:
            return BackTrace(tuple(frames), f"the back chain at {frame + layout.back_chain:#x} cannot be read")
        if not caller:
            return BackTrace(tuple(frames), "")
        if caller in seen:
            return BackTrace(tuple(frames), f"the back chain leads in a circle, back to {caller:#x}")
        address = None if caller % _ALIGNMENT else _doubleword(read, caller + layout.return_address)
        if address is None or address & 1:
            return BackTrace(tuple(frames), f"no frame is at {caller:#x}, where the back chain leads")
        if has_not_called and len(frames) == 2 and address == register_14:
            frames.pop()
        frames.append(StackFrame(address, caller, is_return=True))
        frame = caller
    return BackTrace(tuple(frames), f"there may be more than {most} frames")


def _saves_registers(instruction: bytes | None) -> bool:
    """Whether it is STMG of registers up to 15 into the caller's frame, which is done before there is another."""
    return (
        instruction is not None
        and instruction[:1] == b"\xeb"
        and instruction[5:] == b"\x24"
        and instruction[1] & 0x0F == 0x0F
        and instruction[2] >> 4 == 0x0F
    )


def _doubleword(read: Callable[[int, int], bytes | None], address: int) -> int | None:
    data = read(address, 8)
    return None if data is None else int.from_bytes(data, "big")
