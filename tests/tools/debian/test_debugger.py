# SPDX-License-Identifier: GPL-2.0-or-later
"""Debugging inside a guest: Linux steps through a user's program, from branch to branch, and stops at what it stores.

It does so with program-event recording (PoP 4).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.debian import cpio
from tools.debian.releases import debian_files

PROGRAM = Path(__file__).parent / "programs" / "debugger.c"
FOUND = (
    # Of the 23 instructions, ten branch; the eleventh branch leads out of them.
    "debugger: single steps 23",
    "debugger: branches 11",
    "debugger: alterations 2",
)


@pytest.fixture(scope="session")
def debugger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, compiled."""
    pytest.importorskip("ziglang", reason="the compiler is a development dependency")
    directory = tmp_path_factory.mktemp("debugger")
    command = [
        *(sys.executable, "-m", "ziglang", "cc", "-target", "s390x-freestanding", "-mcpu=z10", "-nostdlib", "-static"),
        *("-O1", "-fno-pic", "-fno-sanitize=all", "-fno-stack-protector", "-Wall", "-Wextra", "-Werror"),
        *("-o", "debugger", str(PROGRAM)),
    ]
    cache = {"ZIG_LOCAL_CACHE_DIR": str(directory / "local"), "ZIG_GLOBAL_CACHE_DIR": str(directory / "global")}
    subprocess.run(command, cwd=directory, check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(directory), **cache})
    return directory / "debugger"


@pytest.mark.timeout(900)
def test_a_program_is_debugged_by_another_one(fetched: Path, debugger: Path, tmp_path: Path) -> None:
    (tmp_path / "initrd").write_bytes(
        cpio.archive(
            [
                cpio.directory("dev"),
                cpio.character_device("dev/console", 5, 1),
                cpio.file("init", debugger.read_bytes(), 0o755),
            ]
        )
    )
    kernel = debian_files("bookworm").kernel
    command = [sys.executable, "-m", "tools.command.start", "run", str(kernel), "--initrd", str(tmp_path / "initrd")]
    done = subprocess.run(
        [*command, "--cmdline", "console=ttyS0 loglevel=3"], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("debugger:")] == list(FOUND)
    assert done.returncode == 0
