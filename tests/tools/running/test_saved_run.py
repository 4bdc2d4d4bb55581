# SPDX-License-Identifier: GPL-2.0-or-later
"""A run that is saved on its way, and one that goes on from there: together they are the run that was not saved."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from emu.save_file import read_saved, write_saved
from tests.support.command import PRESSURE, ROOT, read_json, wrong
from tools.command.cli import main

KEYS = str(ROOT / "guest_kernel" / "native" / "images" / "keys.elf")
PROGRAMS = {"keys": (KEYS,), "squeezed": (PRESSURE, "--memory", "4M", "--host-memory", "2M", "--cmdline", "rounds=1")}
_AT = "5000"


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """What is saved of the keys program."""
    path = str(tmp_path / "saved")
    assert main(["run", KEYS, "--save-at", _AT, path]) == 0
    return path


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_rest_is_the_rest(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / name for name in ("whole", "saving", "rest")]
    path = str(tmp_path / "saved")
    options = ([], ["--save-at", "30000", path], ["--from", path])
    if program == "keys":
        options[1][1] = _AT
    shown = []
    for file, more in zip(files, options, strict=True):
        assert main(["run", *PROGRAMS[program], "--json", str(file), *more]) == 0
        shown.append(capfd.readouterr().out)
    assert shown[0] == shown[1]
    assert shown[0].endswith(shown[2])
    whole, saving, rest = map(read_json, files)
    assert whole == saving == rest


def test_it_can_be_saved_again(saved: str, tmp_path: Path) -> None:
    again, once = str(tmp_path / "again"), str(tmp_path / "once")
    assert main(["run", KEYS, "--from", saved, "--save-at", "9000", again]) == 0
    assert main(["run", KEYS, "--save-at", "9000", once]) == 0
    assert read_saved(Path(again)) == read_saved(Path(once))


def test_what_is_no_regular_file_is_refused_before_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert main(["run", KEYS, "--save-at", str(1 << 50), str(fifo)]) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err == f"essa: --save-at: {fifo}: cannot be written: expected a regular file, or none\n"
    assert fifo.is_fifo()


def test_a_run_that_ends_before_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "saved"
    assert main(["run", KEYS, "--save-at", str(1 << 50), str(path)]) == 0
    assert "--save-at: the run has ended before, and nothing was saved" in capfd.readouterr().err
    assert not path.exists()


def test_a_budget_that_is_smaller_saves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "saved"
    assert main(["run", KEYS, "--save-at", _AT, str(path), "--max-instructions", "4999"]) == 4
    assert not path.exists()
    assert main(["run", KEYS, "--save-at", _AT, str(path), "--max-instructions", _AT]) == 4
    assert path.exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    (
        ((PRESSURE,), r"program: expected '[0-9a-f]{16}', as was saved, not '[0-9a-f]{16}'"),
        ((KEYS, "--cmdline", "other"), "command line: expected None, as was saved, not 'other'"),
        ((KEYS, "--memory", "8M"), "memory: expected 268435456, as was saved, not 8388608"),
        ((KEYS, "--cpus", "2"), "CPUs: expected 1, as was saved, not 2"),
        ((KEYS, "--host-memory", "2M"), "saved with no host that pages, and to be restored with a host that pages"),
    ),
)
def test_what_is_other_is_refused_by_name(
    saved: str, arguments: tuple[str, ...], text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    line = wrong(capfd, "run", *arguments, "--from", saved)
    assert line.startswith(f"--from: {saved}: ")
    assert re.search(text, line)


def test_another_version_is_refused(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = Path(saved)
    content = bytearray(path.read_bytes())
    content[content.index(b"\n") + 4] = 9
    path.write_bytes(content)
    capfd.readouterr()
    expected = f"--from: {saved}: expected a saved machine of version 1, not 9"
    assert wrong(capfd, "run", KEYS, "--from", saved) == expected


@pytest.mark.parametrize(
    ("options", "text"),
    (
        (("--from", "none"), "--from: none: cannot be read: No such file or directory"),
        (("--from", KEYS), f"--from: {KEYS}: expected a saved machine, which begins with 'page-hinting save'"),
        (("--save-at", "-1", "x"), "--save-at: expected a number of instructions, 0 to"),
        (("--save-at", "5", "/none/x"), "--save-at: /none/x: cannot be written: No such file or directory"),
        (("--save-at", "5", "x", "--guests", "2"), "--save-at: expected one guest, not 2"),
    ),
)
def test_what_cannot_be_is_said(options: tuple[str, ...], text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert wrong(capfd, "run", KEYS, *options).startswith(text)


def test_a_moment_that_is_over_is_refused(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    line = wrong(capfd, "run", KEYS, "--from", saved, "--save-at", "4999", "x")
    assert line == "--save-at: expected 5000 or more, where the run begins, not 4999"


def test_a_file_with_several_machines_is_refused(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = Path(saved)
    content = read_saved(path)
    write_saved(path, content | {"machines": content["machines"] * 2})
    capfd.readouterr()
    assert wrong(capfd, "run", KEYS, "--from", saved) == f"--from: {saved}: expected one saved machine"
