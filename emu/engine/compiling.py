# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the object code of the callbacks: numba compiles them and their units, LLVM puts them together.

What numba has made of a unit is kept in LLVM's intermediate form, for the next time that a callback is compiled.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import llvmlite.binding as llvm

from emu.engine.compiled_keys import CALLBACKS, callback_keys, unit_key
from emu.engine.library import PROGRAM_INTERRUPTION_FUNCTION, EngineError, exported_address
from emu.engine.quirks import addressing_mode, sums
from emu.object_code import files
from emu.object_code.numba_modules import SPEED_LEVEL, module_of

if TYPE_CHECKING:
    from emu.engine.units import CompilationUnit

_NO_PLACE: Final = 1
"""The address of a unit for numba, which wants one of whatever is called."""
_CALLED: Final = (sums.HELPER, PROGRAM_INTERRUPTION_FUNCTION)
"""Functions of Unicorn's that compiled code calls by the names under which it exports them."""


Work = tuple[Callable[[str], tuple[str, bytes]], str]
"""What makes the content of a file, and of what; it gives the name of the file, too."""


@cache
def name_functions() -> None:
    """Let compiled code find the functions of Unicorn's that it calls by names."""
    for name in addressing_mode.ORIGINALS:
        llvm.add_symbol(name, addressing_mode.original(name))
    for name in _CALLED:
        llvm.add_symbol(name, exported_address(name))


def object_file(name: str) -> str:
    """The name of the file with the object code of the callback *name*."""
    return f"{name}-{callback_keys()[name]}.o"


def _ignore(_: int, __: int) -> None:
    """Tell nobody."""


def compile_callbacks(advance: Callable[[int, int], object] = _ignore) -> None:
    """Compile those callbacks that are not kept, on all processors.

    :param advance: is called with how many parts of the work are done, and of how many.
    :raises EngineError: if one of them may raise an exception.
    """
    missing = [name for name in CALLBACKS if not files.is_kept(object_file(name))]
    if not missing:
        return
    units = [each for each in declared_units().values() if not files.is_kept(_unit_file(each))]
    # The long ones first, so that no processor waits for the last one.
    units.sort(key=lambda each: -sum(map(len, each.made_of)))
    total = len(units) + len(missing)
    parts: list[Work] = [(_compile_unit, each.symbol) for each in units]
    callbacks: list[Work] = [(compile_callback, name) for name in missing]
    done = 0
    for part in (parts, callbacks):
        for file, body in _side_by_side(part):
            files.write(file, body)
            done += 1
            advance(done, total)


def declared_units() -> dict[str, CompilationUnit]:
    """All units, by their symbols."""
    for module in dict.fromkeys(CALLBACKS.values()):
        import_module(module)
    from emu.engine.units import UNITS

    return UNITS


def _side_by_side(work: list[Work]) -> Iterator[tuple[str, bytes]]:
    """What comes of each piece of *work*, done in as many processes as there are processors, or in this one."""
    # Who finds all compiled does not wait for these to be imported.
    import multiprocessing
    from concurrent.futures import Executor, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    if not multiprocessing.current_process().daemon and files.is_all_written():
        processes: Executor | None = None
        try:
            processes = ProcessPoolExecutor(len(os.sched_getaffinity(0)), initializer=_ignore_interrupt)
            for found in processes.map(_do, work):
                yield found
                done += 1
        except (OSError, NotImplementedError, BrokenProcessPool):
            # There are no more processes to be had.
            pass
        except BaseException:
            for each in multiprocessing.active_children():
                each.terminate()
            raise
        finally:
            if processes is not None:
                processes.shutdown(cancel_futures=True)
    yield from map(_do, work[done:])


def _do(work: Work) -> tuple[str, bytes]:
    function, name = work
    return function(name)


def _ignore_interrupt() -> None:
    """Let whoever waits for this process say that it was interrupted, and end this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unit_file(unit: CompilationUnit) -> str:
    return f"{unit.name}-{unit_key(unit)}.bc"


def _compile_unit(symbol: str) -> tuple[str, bytes]:
    unit = declared_units()[symbol]
    return _unit_file(unit), function_module(unit, symbol).as_bitcode()


def compile_callback(name: str) -> tuple[str, bytes]:
    """The name of the file for the callback *name*, and its object code with all units that it calls.

    :raises EngineError: if it may raise an exception.
    """
    module = function_module(getattr(import_module(CALLBACKS[name]), name), name)
    units, linked = declared_units(), set[str]()
    while called := {each.name for each in module.functions if each.is_declaration and each.name in units} - linked:
        for symbol in called:
            module.link_in(unit_module(units[symbol]))
        linked |= called
    for function in module.functions:
        if not function.is_declaration and function.name != name:
            function.linkage = "internal"
            function.add_function_attribute("noinline")
    return object_file(name), files.emit(module, SPEED_LEVEL)


def unit_module(unit: CompilationUnit) -> Any:
    """What numba makes of *unit*, as :func:`function_module` gives it; it is taken from its file if it is kept."""
    body = files.read(_unit_file(unit))
    return function_module(unit, unit.symbol) if body is None else llvm.parse_bitcode(body)


def function_module(function: Any, symbol: str) -> Any:
    """What numba makes of a callback or a unit: one function with the name *symbol*, which calls others by symbols.

    :raises EngineError: if it may raise an exception.
    """
    name_functions()
    for each in declared_units():
        llvm.add_symbol(each, _NO_PLACE)
    try:
        return module_of(function.compiled, symbol)
    except ValueError as reason:
        raise EngineError(str(reason)) from None
