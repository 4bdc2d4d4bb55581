# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled loops: functions over arrays, written in Python, which numpy can do in several steps only, if at all.

They are compiled when one is called for the first time, if no object code of them is kept.
"""

from __future__ import annotations

import ctypes
import hashlib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.object_code import files

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEY_LENGTH: Final = 16


class CompiledLoop:
    """A function of arrays and 64-bit integers, which gives such an integer; called, it runs compiled.

    It is plain Python of the subset that numba compiles, calls nothing, and raises nothing: nobody checks its indices,
    which must not be negative.
    """

    def __init__(self, function: Callable[..., int], *parameters: type[np.generic] | None) -> None:
        """Compile *function* some time.

        :param parameters: for each of its parameters the type of the elements if it is an array, which is contiguous
            then, and None if it is an integer.  An array may also be given by its address, which takes a microsecond to
            find.
        """
        self._function = function
        self._parameters = parameters
        self._compiled: Callable[..., int] | None = None

    def __call__(self, *arguments: NDArray[Any] | int) -> int:
        """Call the function."""
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = self._loaded()
        return compiled(*[each if isinstance(each, int) else each.ctypes.data for each in arguments])

    def _loaded(self) -> Callable[..., int]:
        symbol = self._function.__name__
        content = f"{files.compiler()} {self._parameters} {inspect.getsource(self._function)}"
        key = hashlib.sha256(content.encode()).hexdigest()[:_KEY_LENGTH]
        code = files.kept(f"{symbol}-{key}.o", lambda: self._compile(symbol))
        address = files.load(code).get_function_address(symbol)
        kinds = [ctypes.c_int64 if each is None else ctypes.c_void_p for each in self._parameters]
        function: Callable[..., int] = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(address)
        return function

    def _compile(self, symbol: str) -> bytes:
        # Who finds it compiled does not wait for these to be imported.
        from numba import cfunc, from_dtype, types

        from emu.object_code.numba_modules import SPEED_LEVEL, module_of

        def kind(parameter: type[np.generic] | None) -> Any:
            if parameter is None:
                return types.int64
            return types.CPointer(from_dtype(np.dtype(parameter)))  # type: ignore[no-untyped-call]

        kinds = [kind(each) for each in self._parameters]
        module = module_of(lambda: cfunc(types.int64(*kinds))(self._function), symbol)
        return files.emit(module, SPEED_LEVEL)
