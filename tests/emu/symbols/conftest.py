# SPDX-License-Identifier: GPL-2.0-or-later
"""A program with symbols and source lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """\
int counter;
__attribute__((noinline)) static int twice(int number)
{
    counter++;
    return number * 2;
}
void begin(void)
{
    counter = twice(counter);
    asm volatile("nopr" ::: "memory");
}
"""
"""The statement of :func:`twice` is in line 4, the call of it in line 9."""


def compile_program(directory: Path, *options: str) -> bytes:
    """The ELF file that the compiler makes of :data:`SOURCE`."""
    pytest.importorskip("ziglang", reason="the compiler is a development dependency")
    (directory / "deep.c").write_text(SOURCE)
    target = directory / "program.elf"
    command = [
        *(sys.executable, "-m", "ziglang", "cc", "-target", "s390x-freestanding", "-nostdlib", "-static", "-fno-pic"),
        *("-O1", "-fno-sanitize=all", "-Wl,-e,begin", "-Wl,--build-id=none", *options, "-o", str(target), "deep.c"),
    ]
    cache = {"ZIG_LOCAL_CACHE_DIR": str(directory / "local"), "ZIG_GLOBAL_CACHE_DIR": str(directory / "global")}
    subprocess.run(command, cwd=directory, check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(directory), **cache})
    return target.read_bytes()


@pytest.fixture(scope="session", params=("-gdwarf-4", "-gdwarf-5"))
def with_lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A program with symbols and source lines, in the two forms that compilers make."""
    return compile_program(tmp_path_factory.mktemp("lines"), str(request.param))
