# SPDX-License-Identifier: GPL-2.0-or-later
"""What tells a program from others: a snapshot of another one is refused, by every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import write_program
from tests.support.elf import ESSA_PROGRAM, LOOP, ending_program
from tools.command.cli import main


def test_a_snapshot_of_another_program_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ours = write_program(tmp_path, ending_program(ESSA_PROGRAM), "ours")
    other = write_program(tmp_path, ending_program(LOOP), "other")
    saved = tmp_path / "saved"
    assert main(["step", ours, "--commands", f"s; snapshot save {saved}; s; snapshot restore {saved}"]) == 0
    assert f"--from: {saved}: program: expected '" in wrong_after_output(capfd, "run", other, "--from", str(saved))
    command = f"snapshot restore {saved}"
    said = wrong_after_output(capfd, "step", other, "--commands", command)
    assert "snapshot: program: expected '" in said
    said = wrong_after_output(capfd, "step", ours, "--cmdline", "x", "--commands", command)
    assert "snapshot: command line: expected None, as was saved, not 'x'" in said


def wrong_after_output(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of wrong use with *arguments*, whatever was shown before."""
    capfd.readouterr()
    assert main(list(arguments)) == 2
    (line,) = capfd.readouterr().err.splitlines()
    return line
