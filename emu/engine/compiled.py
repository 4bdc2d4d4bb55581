# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callbacks: taken from files of object code if they are there, otherwise compiled and put there.

Compiling takes a minute or so, and importing numba, even to read its own cache, half a second; loading object code
takes a tenth of that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import llvmlite.binding as llvm

from emu.engine.compiled_keys import CALLBACKS
from emu.engine.compiling import compile_callbacks, name_functions, object_file
from emu.engine.library import exported_address
from emu.object_code import files

_TRACED: Final = ("traced_block_callback", "follow_callback")
_LONE: Final = "lone_callback"
UNTRACED: Final = tuple(name for name in CALLBACKS if name not in (*_TRACED, _LONE))
"""The callbacks that Unicorn calls while the machine is not traced."""
_CONTENT: Final = "object code"
"""What a file of functions holds.  LLVM does not survive anything else, such as files of the same source once held."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The addresses of the compiled callbacks."""

    block: int
    """Called at the start of each block; see :mod:`emu.engine.quirks.block_starts`, as for the next."""
    other_block: int
    """Called there where translated code could not let the block begin."""
    execute: int
    """Called before an EXECUTE, of which Unicorn would let the target address be odd, and register 0 be a base."""
    fill: int
    """Called for a translation that Unicorn does not have."""
    exception: int
    """Called for an exception, a trapped control instruction above all."""
    branch_operand: int
    """Called to translate the branch address in a register; see :mod:`emu.engine.quirks.addressing_mode`."""
    relative_operand: int
    """Called to translate the operand of LOAD ADDRESS RELATIVE LONG."""
    address_result: int
    """Called to translate the loading of an address."""
    condition_code: int
    """Called by translated code for a condition code that must be computed."""
    low_fetch: int
    """Called for a fetch from the first pages, where rules are finer than a page; see :mod:`emu.engine.low_storage`."""
    low_store: int
    """Called for a store there."""
    checked_store: int
    """Called for a store that is checked by itself; see :mod:`emu.engine.checked_stores`."""
    following: int
    """Called before each instruction while a register is followed; see :mod:`emu.engine.following`."""


@dataclass(frozen=True, slots=True)
class TracedCallbacks:
    """The addresses of those that are called while the machine is traced: see :mod:`emu.engine.engine_trace`."""

    block: int
    """Called at the start of each block."""
    follow: int
    """Called by Python to note what the last instruction has accessed and changed."""


@cache
def callbacks() -> Callbacks:
    """The callbacks, ready to be called; they stay so as long as the process lives."""
    name_functions()
    return callbacks_in(files.load(*map(_code, UNTRACED)))


def callbacks_in(engine: Any) -> Callbacks:
    """The callbacks in the object code that *engine* has loaded."""
    return Callbacks(*_addresses(engine, UNTRACED))


@cache
def traced_callbacks() -> TracedCallbacks:
    """Those for traces, which most runs do without: the largest of all is among them."""
    name_functions()
    return TracedCallbacks(*_addresses(files.load(*map(_code, _TRACED)), _TRACED))


@cache
def lone_callback() -> int:
    """The address of the function that executes one instruction by itself; see :mod:`emu.engine.lone_step`.

    Who does not step does without it.
    """
    name_functions()
    (address,) = _addresses(files.load(_code(_LONE)), [_LONE])
    return address


def _addresses(engine: Any, names: Iterable[str]) -> list[int]:
    return [int(engine.get_function_address(name)) for name in names]


def _code(name: str) -> bytes:
    """The object code of the callback *name*, which is compiled first if it is not kept."""
    code = files.read(object_file(name))
    if code is None:
        compile_callbacks()
        code = files.read(object_file(name))
    assert code is not None
    return code


def are_kept() -> bool:
    """Whether :func:`callbacks` finds all of them compiled."""
    return all(files.is_kept(object_file(name)) for name in CALLBACKS)


def functions(
    name: str,
    source: str,
    called: Iterable[str],
    symbols: Iterable[str],
    others: Mapping[str, int] | None = None,
) -> list[int]:
    """The addresses of the functions *symbols* of *source*, which is in the compiler's intermediate language.

    :param name: what the file of object code is called.
    :param called: the functions of Unicorn's that are called by the names under which it exports them.
    :param others: the addresses of other functions that are called.
    :raises EngineError: if Unicorn has none of such a name.
    """
    for function, address in ({each: exported_address(each) for each in called} | dict(others or {})).items():
        llvm.add_symbol(function, address)
    digest = hashlib.sha256(f"{_CONTENT}, {files.compiler()} {source}".encode()).hexdigest()

    def make() -> bytes:
        module = llvm.parse_assembly(source)
        module.verify()
        return files.emit(module, speed_level=2)

    return _addresses(files.load(files.kept(f"{name}-{digest}.o", make)), symbols)


if __name__ == "__main__":
    compile_callbacks()
