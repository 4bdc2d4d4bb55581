# SPDX-License-Identifier: GPL-2.0-or-later
"""The command as tests give it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.support.elf import Elf
from tools.command.cli import app, main

ROOT = Path(__file__).parents[2]
ESSA = [sys.executable, "-m", "tools.command.start"]
"""The command in a process of its own."""
PRESSURE = str(ROOT / "guest_kernel" / "native" / "images" / "pressure.elf")
SQUEEZED = ("run", PRESSURE, "--memory", "4M", "--host-memory", "2M", "--cmdline", "rounds=1")
"""A guest on a host of half its size."""


def write_program(directory: Path, elf: Elf | bytes, name: str = "program.elf") -> str:
    path = directory / name
    path.write_bytes(elf if isinstance(elf, bytes) else elf.to_bytes())
    return str(path)


def essa(*arguments: str, stdin: str = "", directory: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, given in *directory*."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*ESSA, *arguments],
        cwd=directory,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )


def subcommands() -> dict[str, click.Command]:
    """All subcommands by their names; those of a group have its name in front."""
    return _subcommands(app, click.Context(app), "")


def _subcommands(group: click.Group, context: click.Context, before: str) -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found |= _subcommands(command, click.Context(command, parent=context), f"{before}{name} ")
        elif command is not None:
            found[before + name] = command
    return found


def wrong(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line that wrong use with *arguments* gives."""
    assert main(list(arguments)) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("essa: ")
    return line.removeprefix("essa: ")


def read_json(path: Path) -> dict[str, object]:
    """What the command wrote."""
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found
