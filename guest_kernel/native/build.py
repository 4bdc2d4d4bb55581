# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the native programs: ``python -m guest_kernel.native.build`` writes every image into ``images/``.

The compiler, assembler and linker are those of the ``ziglang`` wheel, a development dependency.  The same version of
it gives the same bytes everywhere: no path, date or build identification goes into an image.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from guest_kernel.native.shipped import IMAGES, image_path

HERE: Final = Path(__file__).parent
COMPILER_VERSION: Final = "0.17.1"
"""The version of ziglang that made the images in the repository."""

# z10 is the oldest machine that LLVM knows, so neither vector nor any other late instruction is emitted.  Snippets that
# need a later one spell it with .insn.
_COMPILE: Final = (
    *("-target", "s390x-freestanding", "-mcpu=z10", "-msoft-float"),
    *("-std=gnu17", "-O2", "-g0", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fno-sanitize=all"),
    *("-fno-delete-null-pointer-checks", "-fno-ident", "-fno-asynchronous-unwind-tables", "-fforce-dwarf-frame"),
    *("-Wall", "-Wextra", "-Werror", "-Iruntime"),
)
# Parts of the runtime that few programs need: linked where something refers to them, so that the others stay small.
_ON_DEMAND: Final = ("smp",)
# Global symbols stay, so that a trace or a debugger can name places; local ones and file names go.  The frames of
# functions are described in a section that is not loaded, so that a debugger finds the way back.
_LINK: Final = ("-T", "kernel.ld", "--discard-all", "--build-id=none", "-z", "max-page-size=4096")


class BuildError(Exception):
    """A tool refused its input; the message is what it said."""


def programs() -> list[str]:
    """The names of all programs: each is a C file in ``programs/``, with assembler beside it or not."""
    return sorted(path.stem for path in (HERE / "programs").glob("*.c"))


def compiler_version() -> str:
    """The version of the installed ziglang.

    :raises BuildError: if it is not installed.
    """
    return _run("version").strip()


def build(directory: Path = IMAGES) -> list[Path]:
    """Build every program into *directory* and return the images.

    :raises BuildError: if a source does not compile or link.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        sources = sorted((*HERE.glob("runtime/*.[cS]"), *HERE.glob("programs/*.[cS]")))
        with ThreadPoolExecutor() as pool:
            objects = dict(zip(sources, pool.map(lambda source: _compile(source, scratch), sources), strict=True))
        parts = [source for source in sources if source.parent.name == "runtime"]
        runtime = [objects[source] for source in parts if source.stem not in _ON_DEMAND]
        on_demand = [objects[source] for source in parts if source.stem in _ON_DEMAND]
        images = []
        for name in programs():
            own = [objects[source] for source in sources if source.parent.name == "programs" and source.stem == name]
            image = image_path(name, directory)
            files = (*runtime, *own, "--start-lib", *on_demand, "--end-lib")
            _run("ld.lld", *_LINK, "-o", str(image), *map(str, files), scratch=scratch)
            images.append(image)
    return images


def _compile(source: Path, scratch: Path) -> Path:
    relative = source.relative_to(HERE)
    object_file = scratch / f"{'-'.join(relative.parts)}.o"
    _run("cc", *_COMPILE, "-c", str(relative), "-o", str(object_file), scratch=scratch)
    return object_file


def _run(*arguments: str, scratch: Path | None = None) -> str:
    environment = dict(os.environ)
    if scratch is not None:
        # Nothing of the build stays behind.
        environment |= {"ZIG_GLOBAL_CACHE_DIR": str(scratch / "global"), "ZIG_LOCAL_CACHE_DIR": str(scratch / "local")}
    command = [sys.executable, "-m", "ziglang", *arguments]
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(done.stderr.strip() or f"{' '.join(command)} failed")
    return done.stdout


def main() -> int:
    """Build all images; the exit status is 0, or 1 if something does not build."""
    try:
        for image in build():
            print(f"{image.relative_to(HERE)}: {image.stat().st_size} bytes")
    except BuildError as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
