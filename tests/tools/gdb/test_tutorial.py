# SPDX-License-Identifier: GPL-2.0-or-later
"""The transcript in the README of the server is what gdb shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.support.command import ROOT

README = ROOT / "tools" / "gdb" / "README.md"
PROMPT = "(gdb) "
Start = Callable[..., "tuple[subprocess.Popen[str], int]"]


def transcript() -> list[str]:
    """The lines of the block that begins with the command gdb-multiarch."""
    text = README.read_text(encoding="utf-8")
    (block,) = (each for each in re.findall(r"(?:^ {4}.*\n)+", text, re.MULTILINE) if "$ gdb-multiarch" in each)
    return [line.removeprefix("    ") for line in block.splitlines()]


def words(line: str) -> str:
    return " ".join(line.split())


@pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="there is no gdb-multiarch here")
def test_the_transcript_is_what_gdb_shows(start: Start) -> None:
    _, port = start("gdb", "essa-table", "--listen", "0")
    command, *lines = transcript()
    typed = [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]
    assert command == "$ gdb-multiarch -q -ex 'target remote 127.0.0.1:1234'"
    commands = ["gdb-multiarch", "-q", "-nx", "-batch", "-ex", f"target remote 127.0.0.1:{port}"]
    commands += [word for each in typed for word in ("-ex", each)]
    done = subprocess.run(
        commands, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100, check=False
    )
    printed = iter([words(line) for line in done.stdout.splitlines()])
    for line in lines:
        if not line.startswith(PROMPT):
            assert words(line) in printed, f"{line!r} in {done.stdout}"
