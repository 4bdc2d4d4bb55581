# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of compiled code: where they are kept, and how object code is loaded.

A file is named after all that its content depends on, so that it need never be checked for age.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm

from emu.whole_file import replacing

PACKAGE: Final = Path(__file__).parent.parent
"""The folder of the package that all of this is for."""
_DIGEST_BYTES: Final = 32
_unwritten: Final[dict[str, bytes]] = {}
"""What could not be written, by the names of the files."""
_engines: Final[list[Any]] = []
"""What owns the code in memory."""


def folders() -> Iterator[Path]:
    """Where files may be kept, the best place first."""
    yield Path(__file__).parent / "__pycache__"
    user = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):
        yield (Path(user) if user else Path.home() / ".cache") / "page-hinting-machine"


@cache
def compiler() -> str:
    """By what code is compiled here, and for which processor."""
    features = hashlib.sha256(llvm.get_host_cpu_features().flatten().encode()).hexdigest()[:16]
    return f"{_version_of_numba()} {llvmlite.__version__} {llvm.get_host_cpu_name()} {features}"


def _version_of_numba() -> str:
    """The hash of the file that says which numba there is: to ask that itself takes as long as to start."""
    found = importlib.util.find_spec("numba")
    if found is None or found.origin is None:
        return ""
    try:
        return hashlib.sha256(Path(found.origin).with_name("_version.py").read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def _places(name: str) -> Iterator[Path]:
    """Where the file *name* may be, the best place first."""
    for folder in folders():
        yield folder / name


def is_kept(name: str) -> bool:
    """Whether there is a file *name* that is whole."""
    return read(name) is not None


def read(name: str) -> bytes | None:
    """What is kept in the file *name*, if there is one and it is whole, or what could not be written there."""
    for place in _places(name):
        try:
            content = place.read_bytes()
        except OSError:
            continue
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() == digest:
            return body
    return _unwritten.get(name)


def write(name: str, body: bytes) -> None:
    """Keep *body* in the file *name* for the next time, or as long as this process lives if that cannot be done."""
    for place in _places(name):
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place) as new:
                new.write_bytes(hashlib.sha256(body).digest() + body)
            return
    _unwritten[name] = body


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """What is kept in the file *name*; if there is nothing, *make* makes it."""
    body = read(name)
    if body is None:
        body = make()
        write(name, body)
    return body


def is_all_written() -> bool:
    """Whether other processes find everything that was written."""
    return not _unwritten


@cache
def target() -> Any:
    """The machine that code is made for: this one."""
    # Compiled instructions take up to a tenth longer where their code begins in the middle of a cache line.
    llvm.set_option("", "-align-all-nofallthru-blocks=5")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(opt=3, jit=True, cpu=llvm.get_host_cpu_name())


def optimize(module: Any, speed_level: int) -> None:
    """Make the code of *module* better, with as much effort as *speed_level*, 0 to 3, says."""
    builder = llvm.create_pass_builder(target(), llvm.create_pipeline_tuning_options(speed_level=speed_level))
    builder.getModulePassManager().run(module, builder)


def emit(module: Any, speed_level: int) -> bytes:
    """The object code of *module*, made better first."""
    optimize(module, speed_level)
    code: bytes = target().emit_object(module)
    return code


def load(*codes: bytes) -> Any:
    """Object code, ready to be called; it stays so as long as the process lives."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())
    for code in codes:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return engine
