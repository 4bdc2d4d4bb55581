# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of compiled code: where they are kept, and how object code is loaded.

A file is named after all that its content depends on, so that it need never be checked for age.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm

PACKAGE: Final = Path(__file__).parent.parent
"""The folder of the package that all of this is for."""
_DIGEST_BYTES: Final = 32
_engines: Final[list[Any]] = []
"""What owns the code in memory."""


def folders() -> Iterator[Path]:
    """Where files may be kept, the best place first."""
    yield PACKAGE / "engine" / "__pycache__"
    user = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):
        yield (Path(user) if user else Path.home() / ".cache") / "page-hinting-machine"


def compiler() -> str:
    """By what code is compiled here, and for which processor."""
    return f"{llvmlite.__version__} {llvm.get_host_cpu_name()}"


def _places(name: str) -> Iterator[Path]:
    """Where the file *name* may be, the best place first."""
    for folder in folders():
        yield folder / name


def is_kept(name: str) -> bool:
    """Whether there is a file *name*."""
    return any(place.is_file() for place in _places(name))


def read(name: str) -> bytes | None:
    """What is kept in the file *name*, if there is one and it is whole."""
    for place in _places(name):
        try:
            content = place.read_bytes()
        except OSError:
            continue
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() == digest:
            return body
    return None


def write(name: str, body: bytes) -> None:
    """Keep *body* in the file *name* for the next time; nothing is lost if that cannot be done."""
    for place in _places(name):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
                file.write(hashlib.sha256(body).digest() + body)
            Path(file.name).replace(place)
        except OSError:
            continue
        return


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


def load(code: bytes) -> Any:
    """Object *code*, ready to be called; it stays so as long as the process lives."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return engine
