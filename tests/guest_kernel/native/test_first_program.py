# SPDX-License-Identifier: GPL-2.0-or-later
"""The first program of the README does what is said of it, built with the options that stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from emu import AtMnemonic, StopKind, open_program
from tests.support.command import ROOT
from tools.command.cli import main

README = (ROOT / "guest_kernel" / "native" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, made by the compiler that is here, which takes gcc's options."""
    pytest.importorskip("ziglang", reason="the compiler is a development dependency")
    directory = tmp_path_factory.mktemp("first")
    for suffix in ("c", "ld"):
        (content,) = re.findall(rf"^```{suffix}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
        (directory / f"first.{suffix}").write_text(content)
    (line,) = re.findall(r"^    \$ (s390x-linux-gnu-gcc .*)$", README, re.MULTILINE)
    options = shlex.split(line)[1:]
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "s390x-freestanding", *options]
    cache = {"ZIG_LOCAL_CACHE_DIR": str(directory / "local"), "ZIG_GLOBAL_CACHE_DIR": str(directory / "global")}
    subprocess.run(command, cwd=directory, check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(directory), **cache})
    return directory / "first.elf"


def test_it_passes(first: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(first), "--table"]) == 0


def test_it_fails_without_essa_as_it_is_said(first: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An interruption that the program did not expect is a program-interruption loop."""
    assert main(["run", str(first), "--profile", "off"]) == 3


def test_it_is_stepped_through(first: Path) -> None:
    session = open_program(first, memory="2M")
    session.stops.add(AtMnemonic(frozenset({"ESSA"})))
    assert session.go().kind is StopKind.STOP_POINT
    assert session.symbols.label(session.cpu.instruction_address).startswith("<begin")
    page = session.symbols.address("begin")
    assert session.look(page, 2) == session.instruction(page)[:2]
