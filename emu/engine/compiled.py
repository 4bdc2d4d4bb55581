# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callbacks: taken from a file of object code if there is one, otherwise compiled and put there.

Compiling takes seconds, and importing numba, even to read its own cache, half of one; loading object code takes a tenth
of a second.  A file is named after everything that its content depends on, so that it need never be checked for age.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm

_SOURCES: Final = ("blocks.py", "callbacks.py")
_HERE: Final = Path(__file__).parent
_CALLBACKS: Final = ("block_callback", "execute_callback", "fill_callback")
_DIGEST_BYTES: Final = 32
_ERROR_PATHS: Final = (
    "numba_gil_ensure",
    "numba_gil_release",
    "numba_unpickle",
    "numba_do_raise",
    "numba_runtime_build_excinfo_struct",
    "NRT_Free",
    "NRT_MemInfo_call_dtor",
)
"""Functions of numba that the code refers to where it would report an error, which it never does."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The addresses of the compiled callbacks."""

    block: int
    """Called at the start of each block."""
    execute: int
    """Called before an EXECUTE, of which Unicorn would let the target address be odd, and register 0 be a base."""
    fill: int
    """Called for a translation that Unicorn does not have."""


@cache
def callbacks() -> Callbacks:
    """The callbacks, ready to be called; they stay so as long as the process lives."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(opt=3, jit=True, cpu=llvm.get_host_cpu_name())
    return Callbacks(*(_address(name, target) for name in _CALLBACKS))


_engines: Final[list[Any]] = []
"""What owns the code in memory."""


def _address(name: str, target: Any) -> int:
    found = _read(name)
    if found is None:
        found = _compile(name, target)
        _write(name, *found)
    symbol, code = found
    harmless = llvm.address_of_symbol("abort")
    for unused in _ERROR_PATHS:
        llvm.add_symbol(unused, harmless)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(symbol))


def _compile(name: str, target: Any) -> tuple[str, bytes]:
    """The symbol and the object code of the callback *name*, by numba."""
    from emu.engine import callbacks as source

    compiled: Any = getattr(source, name)
    code: bytes = target.emit_object(llvm.parse_assembly(compiled.inspect_llvm()))
    symbol: str = compiled._wrapper_name  # noqa: SLF001 - numba has no public name for it
    return symbol, code


def _places(name: str) -> Iterator[Path]:
    """Where the file of callback *name* may be, the best place first."""
    depends = hashlib.sha256(f"{llvmlite.__version__} {llvm.get_host_cpu_name()}".encode())
    for source in _SOURCES:
        depends.update((_HERE / source).read_bytes())
    file = f"{name}-{depends.hexdigest()[:16]}.o"
    yield _HERE / "__pycache__" / file
    user = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):
        yield (Path(user) if user else Path.home() / ".cache") / "page-hinting-machine" / file


def _read(name: str) -> tuple[str, bytes] | None:
    """The symbol and object code from a file, if there is one and it is whole."""
    for place in _places(name):
        try:
            content = place.read_bytes()
        except OSError:
            continue
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() == digest:
            symbol, _, code = body.partition(b"\0")
            return symbol.decode(), code
    return None


def _write(name: str, symbol: str, code: bytes) -> None:
    """Keep the object code for the next time; nothing is lost if that cannot be done."""
    body = symbol.encode() + b"\0" + code
    for place in _places(name):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
                file.write(hashlib.sha256(body).digest() + body)
            Path(file.name).replace(place)
        except OSError:
            continue
        return
