# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callbacks: taken from a file of object code if there is one, otherwise compiled and put there.

Compiling takes minutes, and importing numba, even to read its own cache, half a second; loading object code takes
a tenth of that.  A file is named after all that its content depends on, so that it need never be checked for age.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import inspect
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm

from emu.engine import tables
from emu.engine.library import PROGRAM_INTERRUPTION_FUNCTION, EngineError, exported_address
from emu.engine.quirks import addressing_mode, sums
from emu.engine.quirks.single_stores import STORES_ONCE
from emu.engine.rules.keying import content_key, import_closure, keys
from emu.instruction_length import instruction_length

_CALLBACKS: Final = {
    "block_callback": "emu.engine.callbacks",
    "execute_callback": "emu.engine.callbacks",
    "fill_callback": "emu.engine.fill_callback",
    "exception_callback": "emu.engine.rules.callback",
    "branch_operand": "emu.engine.translation_callbacks",
    "relative_operand": "emu.engine.translation_callbacks",
    "address_result": "emu.engine.translation_callbacks",
    "condition_code_callback": "emu.engine.callbacks",
    "low_fetch_callback": "emu.engine.low_storage_callbacks",
    "low_store_callback": "emu.engine.low_storage_callbacks",
    "checked_store_callback": "emu.engine.checked_store_callback",
    "following_callback": "emu.engine.following_callback",
}
"""What is compiled, and the module that it is in."""
_HOW: Final = "emu.engine.compiled"
"""How it is: what these modules and this one import is what the content of the files depends on."""
_TRANSLATOR: Final = (
    "emu.engine.rules.instructions",
    "emu.engine.rules.interrupting",
    "emu.engine.rules.model",
    "emu.engine.rules.resolving",
    "emu.engine.rules.swapping",
    "emu.engine.rules.translator",
)
"""These are not compiled, nor what they import: what they make of it is."""
_PACKAGE: Final = Path(__file__).parent.parent
_FREQUENT: Final = ("ESSA", "STNSM", "STOSM")
"""Instructions that are executed so often that the call of their functions is felt."""
_CALLS: Final = re.compile(
    r"\d(_begin_rare_block|resolve|ask_byte|resolve_byte|ask_operand|resolve_operand|interrupt|supplied_frame|find_frame"
    rf"|locate_frame|condition_code|execute_(?!(?:{'|'.join(_FREQUENT)})B)[A-Z]\w*)B"
)
"""In the name of a function that is worth a call of its own: its registers need not be saved each time the callback is
called, or it would be in too many places."""
_CALLED: Final = (sums.HELPER, PROGRAM_INTERRUPTION_FUNCTION)
"""Functions of Unicorn's that compiled code calls by their names."""
_DIGEST_BYTES: Final = 32
_MOST_PASSES: Final = 3
_ERROR_PATH: Final = "numba_gil_"
_MANY_OBJECTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The addresses of the compiled callbacks."""

    block: int
    """Called at the start of each block."""
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


@cache
def callbacks() -> Callbacks:
    """The callbacks, ready to be called; they stay so as long as the process lives."""
    for name in addressing_mode.ORIGINALS:
        llvm.add_symbol(name, addressing_mode.original(name))
    for name in _CALLED:
        llvm.add_symbol(name, exported_address(name))
    target = _target()
    return Callbacks(*(_address(name, target) for name in _CALLBACKS))


def are_kept() -> bool:
    """Whether :func:`callbacks` finds all of them compiled."""
    return all(any(place.is_file() for place in _places(name, _keys()[name])) for name in _CALLBACKS)


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
    target = _target()
    for function, address in ({each: exported_address(each) for each in called} | dict(others or {})).items():
        llvm.add_symbol(function, address)
    digest = hashlib.sha256(f"{llvmlite.__version__} {llvm.get_host_cpu_name()} {source}".encode()).hexdigest()
    found = _read(name, digest)
    if found is None:
        module = llvm.parse_assembly(source)
        module.verify()
        builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=2))
        builder.getModulePassManager().run(module, builder)
        found = "", target.emit_object(module)
        _write(name, digest, *found)
    engine = _load(found[1], target)
    return [int(engine.get_function_address(symbol)) for symbol in symbols]


_engines: Final[list[Any]] = []
"""What owns the code in memory."""


def _address(name: str, target: Any) -> int:
    version = _keys()[name]
    found = _read(name, version)
    if found is None:
        found = _compile(name, target)
        _write(name, version, *found)
    symbol, code = found
    return int(_load(code, target).get_function_address(symbol))


def _load(code: bytes, target: Any) -> Any:
    """Object *code*, ready to be called."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return engine


@cache
def _target() -> Any:
    # Compiled instructions take up to a tenth longer where their code begins in the middle of a cache line.
    llvm.set_option("", "-align-all-nofallthru-blocks=5")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(opt=3, jit=True, cpu=llvm.get_host_cpu_name())


def _compile(name: str, target: Any) -> tuple[str, bytes]:
    """The symbol and the object code of the callback *name*, by numba."""
    with _rare_collections():
        compiled = getattr(import_module(_CALLBACKS[name]), name).compiled()
    symbol: str = compiled._wrapper_name  # noqa: SLF001 - numba has no public name for it
    # The call of the function proper is marked not to be inlined.
    module = llvm.parse_assembly(compiled.inspect_llvm().replace("noinline", "nounwind"))
    _make_one_function(module, symbol, target)
    code: bytes = target.emit_object(module)
    return symbol, code


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage rarely: numba makes millions of objects, of which most stay to the end."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_MANY_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _make_one_function(module: Any, symbol: str, target: Any) -> None:
    """Inline all that *symbol* calls: numba leaves functions in one another, each with a frame and an error path."""
    for function in module.functions:
        if not function.is_declaration and function.name != symbol:
            function.linkage = "internal"
            function.add_function_attribute("noinline" if _CALLS.search(function.name) else "alwaysinline")
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    # A function with very many ends is seen to raise no exception when it has been made shorter: then the paths go for
    # which there are functions of numba's, which is not there when the object is loaded.
    for _ in range(_MOST_PASSES):
        builder = llvm.create_pass_builder(target, options)
        builder.getModulePassManager().run(module, builder)
        if not any(function.name.startswith(_ERROR_PATH) for function in module.functions):
            return
    raise EngineError(f"{symbol} may raise an exception")


def _folders() -> Iterator[Path]:
    """Where files may be kept, the best place first."""
    yield _PACKAGE / "engine" / "__pycache__"
    user = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):
        yield (Path(user) if user else Path.home() / ".cache") / "page-hinting-machine"


@cache
def _keys() -> dict[str, str]:
    """What the files of object code are named after, by the names of the callbacks.

    What one callback does not depend on may change without its being compiled again.
    """
    root = _PACKAGE.parent
    whose = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    notes = [folder / f"compiled-{whose}.json" for folder in _folders()]
    where = f"{llvmlite.__version__} {llvm.get_host_cpu_name()}"

    def find() -> dict[str, str]:
        return {name: content_key(root, _as_they_stand(root, name), _translated(name, where)) for name in _CALLBACKS}

    return keys(root, (*dict.fromkeys(_CALLBACKS.values()), _HOW), where, find, notes)


def _as_they_stand(root: Path, name: str) -> list[Path]:
    """The files of what is compiled for the callback *name* without being translated first."""
    return import_closure(root, (_CALLBACKS[name], _HOW), _TRANSLATOR)


def _translated(name: str, where: str) -> Iterator[bytes]:
    """What else its object code depends on: what is translated, and *where* it is compiled."""
    from emu.engine.rules import instructions, interrupting, pure, resolving, swapping
    from emu.engine.rules.dispatch import chain_source

    rules: list[Callable[..., Any]] = [function for _, function in inspect.getmembers(tables, inspect.isfunction)]
    rules += [instruction_length, sums.code_of_sum, sums.code_of_difference]
    yield where.encode()
    yield from (pure.rule_source(rule).encode() for rule in rules)
    if name in ("fill_callback", "checked_store_callback", "exception_callback"):
        yield from (each().encode() for each in resolving.SOURCES)
    if name == "checked_store_callback":
        yield STORES_ONCE.tobytes()
    if name in ("fill_callback", "exception_callback"):
        table = instructions.opcodes()
        yield table.halfwords.tobytes()
        yield table.rows.tobytes()
        yield ",".join(str(number) for number, _ in instructions.numbered()).encode()
    if name == "exception_callback":
        numbered = [(number, each.declared) for number, each in instructions.numbered()]
        yield from (each.source.encode() for _, each in instructions.numbered())
        yield chain_source(numbered).encode()
        yield swapping.source().encode()
        yield interrupting.source().encode()


def _places(name: str, version: str) -> Iterator[Path]:
    """Where the file *name* in this *version* may be, the best place first."""
    for folder in _folders():
        yield folder / f"{name}-{version}.o"


def _read(name: str, version: str) -> tuple[str, bytes] | None:
    """The symbol and object code from a file, if there is one and it is whole."""
    for place in _places(name, version):
        try:
            content = place.read_bytes()
        except OSError:
            continue
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() == digest:
            symbol, _, code = body.partition(b"\0")
            return symbol.decode(), code
    return None


def _write(name: str, version: str, symbol: str, code: bytes) -> None:
    """Keep the object code for the next time; nothing is lost if that cannot be done."""
    body = symbol.encode() + b"\0" + code
    for place in _places(name, version):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
                file.write(hashlib.sha256(body).digest() + body)
            Path(file.name).replace(place)
        except OSError:
            continue
        return


if __name__ == "__main__":
    callbacks()
