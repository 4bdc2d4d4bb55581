# SPDX-License-Identifier: GPL-2.0-or-later
"""From a function that numba has compiled to a module with that one function, which LLVM can put together with others.

Only a compilation imports it.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from typing import Any, Final

import llvmlite.binding as llvm

from emu.object_code import files

SPEED_LEVEL: Final = 3
_MOST_PASSES: Final = 3
_ERROR_PATH: Final = "numba_gil_"
_MANY_OBJECTS: Final = 500_000


def module_of(compile_function: Callable[[], Any], symbol: str) -> Any:
    """The module of what *compile_function* gives, a C function of numba's: one function with the name *symbol*.

    :raises ValueError: if it may raise an exception.
    """
    with _rare_collections():
        compiled = compile_function()
    # The call of the function proper is marked not to be inlined.
    module = llvm.parse_assembly(compiled.inspect_llvm().replace("noinline", "nounwind"))
    module.get_function(compiled._wrapper_name).name = symbol  # noqa: SLF001 - numba has no public name for it
    for other in module.functions:
        if not other.is_declaration and other.name != symbol:
            other.linkage = "internal"
            other.add_function_attribute("alwaysinline")
    # A function with very many ends is seen to raise no exception when it has been made shorter: then the paths go for
    # which there are functions of numba's, which is not there when the object is loaded.
    for _ in range(_MOST_PASSES):
        files.optimize(module, SPEED_LEVEL)
        if not any(other.name.startswith(_ERROR_PATH) for other in module.functions):
            return module
    raise ValueError(f"{symbol} may raise an exception")


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage rarely: numba makes millions of objects, of which most stay to the end."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_MANY_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
