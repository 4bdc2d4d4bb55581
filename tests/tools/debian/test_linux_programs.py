# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux programs as a suite, in a guest that has booted once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.linux_programs import crashing_program, linux_program
from tests.support.suite import in_this_process, lines_of
from tools.command.cli import main


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("fetched")
def test_programs_by_their_exit_statuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, content in {
        "right": linux_program("it is so\n"),
        "wrong": linux_program("it is not\n", 3),
        "left-out": linux_program("", 77),
        "telling": linux_program("ok 1 - first\nnot ok 2 - second\nok 3 # SKIP no third\n"),
        "crashing": crashing_program(),
        "damaged": b"\x7fELF",
    }.items():
        (programs / name).write_bytes(content)
    (programs / "README").write_text("no program")
    saved = tmp_path / "out.json"
    with in_this_process(monkeypatch):
        assert main(["conform", "linux", str(programs), "--memory", "128M", "--json", str(saved)]) == 1
    lines = lines_of(capfd.readouterr().out)
    assert lines[0].startswith(f"FAIL    damaged ({programs}/damaged: damaged: ")
    assert lines[1:] == [
        "FAIL    crashing (exit status 132: ended by signal 4, SIGILL)",
        "SKIP    left-out (exit status 77)",
        "PASS    right",
        "FAIL    telling (3 tests, 1 failed, 1 skipped, second)",
        "        SKIP: : no third",
        "FAIL    wrong (exit status 3)",
        "1 passed, 1 skipped, 4 failed",
    ]
    found = {each["entry"]["name"]: each.get("console", "") for each in json.loads(saved.read_text())["programs"]}
    assert (found["right"], found["wrong"]) == ("it is so\n", "it is not\n")
