# SPDX-License-Identifier: GPL-2.0-or-later
"""Putting a mutant into a process that has loaded the machine already.

A function gets the code of its mutant, wherever it is referred to.  What has been evaluated when its module was loaded
cannot be changed like that: then all modules are loaded again, that one from the source of the mutant.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.abc
import importlib.util
import sys
from collections import defaultdict
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

Functions = dict[str, list[FunctionType]]
"""All functions that there are, by their modules."""
Source = str | ast.Module
"""Of a module.  What the compiler makes of it depends on the lines that it stands in, which a tree keeps."""
_OWN: Final = ("emu", "host", "tools")
"""The packages that are loaded again."""
_IS_FUNCTION: Final = 0x01
"""The flag (CO_OPTIMIZED) of code that has local variables, which that of a module or a class has not."""


def loaded_functions() -> Functions:
    """All functions that this process has, in the modules of the machine and its host."""
    gc.unfreeze()
    found: defaultdict[str, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if type(each) is FunctionType and (each.__module__ or "").startswith(_OWN):
            found[each.__module__].append(each)
    return dict(found)


def break_functions(functions: Sequence[FunctionType], whole: str, broken: Source) -> bool:
    """Give *functions*, all those of a module whose source is *whole*, the code that they have in *broken*.

    :return: whether that is all that differs; if not, nothing was changed.
    """
    before, after = _compiled(whole), _compiled(broken)
    if _content(before, with_functions=False) != _content(after, with_functions=False):
        return False
    pairs = zip(_functions(before), _functions(after), strict=True)
    changed = [(_content(old), new) for old, new in pairs if _content(old) != _content(new)]
    found = [(each, new) for old, new in changed for each in functions if _content(each.__code__) == old]
    if not changed or len({id(new) for _, new in found}) < len(changed):
        return False
    for function, code in found:
        function.__code__ = code
    return True


def forget_modules() -> None:
    """Forget all modules of the machine, so that they are loaded anew."""
    for name in [each for each in sys.modules if each.partition(".")[0] in _OWN]:
        del sys.modules[name]


def load_broken(module: str, broken: Source) -> None:
    """Have *module*, and all that there is beside it, loaded anew, it from the source *broken*."""
    forget_modules()
    sys.meta_path.insert(0, _Broken(module, broken))
    importlib.import_module(module)


def _compiled(source: Source) -> CodeType:
    return compile(source, "<rules>", "exec", dont_inherit=True)


def _functions(code: CodeType) -> Iterator[CodeType]:
    """The functions of a module or a class, in their order; what is inside of them is a part of them."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_flags & _IS_FUNCTION:
                yield each
            else:
                yield from _functions(each)


def _content(code: CodeType, *, with_functions: bool = True) -> object:
    """What *code* does, wherever it stands in its file."""
    constants: list[object] = []
    for each in code.co_consts:
        if not isinstance(each, CodeType):
            constants.append((type(each), repr(each)))
        elif with_functions or not each.co_flags & _IS_FUNCTION:
            constants.append((CodeType, _content(each, with_functions=with_functions)))
    return code.co_qualname, code.co_code, code.co_names, code.co_varnames, code.co_freevars, tuple(constants)


class _Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads one module from another source."""

    def __init__(self, module: str, source: Source) -> None:
        self._module = module
        self._source = source

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See :class:`importlib.abc.MetaPathFinder`."""
        if name != self._module:
            return None
        return importlib.util.spec_from_loader(name, self)

    def exec_module(self, module: ModuleType) -> None:
        """See :class:`importlib.abc.Loader`."""
        exec(compile(self._source, f"<broken {self._module}>", "exec", dont_inherit=True), module.__dict__)
