# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa screen`` as a command: a picture, and what is wrong with its use."""

from __future__ import annotations

import os
import pty
from pathlib import Path
from select import select
from subprocess import Popen

import pytest

from tests.support.command import ESSA, ROOT, write_program, wrong
from tools.command.cli import main


def test_without_a_terminal_it_says_so(program: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert "expected a terminal" in wrong(capfd, "screen", program)


def test_a_picture_needs_no_terminal(program: str, tmp_path: Path) -> None:
    script = write_program(tmp_path, b"s 2\n", "script")
    pictures = []
    for name in ("one.svg", "two.svg"):
        path = tmp_path / name
        assert main(["screen", program, "--script", script, "--picture", str(path)]) == 0
        pictures.append(path.read_text(encoding="utf-8"))
    assert pictures[0].startswith("<svg")
    assert "Uz" in pictures[0]
    assert pictures[0] == pictures[1]
    # It needs nothing from elsewhere.
    assert "https://cdn" not in pictures[0]


def test_wrong_use(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    picture = ("screen", program, "--picture", str(tmp_path / "none" / "x.svg"))
    assert "cannot be written" in wrong(capfd, *picture)
    script = write_program(tmp_path, b"s\nfrob\n", "script")
    assert f"{script}, line 2: there is no command 'frob'" in wrong(capfd, *picture, "--script", script)
    assert "cannot be read" in wrong(capfd, *picture, "--script", str(tmp_path / "none"))
    assert "--guests: one guest" in wrong(capfd, *picture, "--guests", "2")


def test_at_a_terminal_keys_are_taken_until_q(program: str) -> None:
    leader, follower = pty.openpty()
    with Popen(
        [*ESSA, "screen", program], stdin=follower, stdout=follower, stderr=follower, cwd=ROOT, close_fds=True
    ) as process:
        os.close(follower)
        shown, is_stepped = b"", False
        while select([leader], [], [], 60)[0]:
            try:
                shown += os.read(leader, 65536)
            except OSError:
                # The other side is closed.
                break
            if not is_stepped and b"PSW" in shown:
                os.write(leader, b"s")
                is_stepped = True
            if b"LLILF 2,0x100000 gr2" in shown or b"instruction 1 " in shown:
                os.write(leader, b"q")
        os.close(leader)
        assert process.wait(60) == 0


def test_a_picture_is_an_svg(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.png"
    message = f"--picture: expected a file name that ends in .svg, not {path}"
    assert wrong(capfd, "screen", program, "--picture", str(path)) == message
