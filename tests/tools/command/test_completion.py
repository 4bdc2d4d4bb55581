# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user's shell completes: subcommands, options, what ships, files, and the values of options."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from guest_kernel.native.shipped import program_names
from guest_kernel.scripted.scenarios.shipped import shipped_names
from tests.support.command import ESSA, ROOT, subcommands, wrong
from tools.command.cli import main
from tools.command.options import SHELLS, VARIABLE


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a directory with some files."""
    (tmp_path / "hello.mine").write_bytes(b"")
    (tmp_path / ".hidden").write_bytes(b"")
    (tmp_path / "high").mkdir()
    monkeypatch.chdir(tmp_path)


def completed(line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """What may stand at the end of *line*."""
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
    monkeypatch.setenv(VARIABLE, "bash_complete")
    main([])
    return [line for line in capfd.readouterr().out.splitlines() if line]


@pytest.mark.parametrize(
    ("line", "found"),
    (
        ("essa ru", ["run"]),
        ("essa s", ["step", "screen", "scenarios"]),
        ("essa run --cm", ["--cmdline"]),
        ("essa run hello --profile ", ["zvm", "kvm", "off"]),
        ("essa run hello --policy u", ["unused-first"]),
        ("essa run hello --no-facility 14", ["14", "147"]),
        ("essa run he", ["hello", "hello.mine"]),
        ("essa run debian-", ["debian-bookworm", "debian-trixie"]),
        ("essa compare seed", ["seed", "seed-pressure"]),
        ("essa conform k", ["kvm-unit-tests"]),
        ("essa conform kvm-unit-tests x --profile k", ["kvm"]),
        ("essa fetch d", ["debian"]),
        ("essa fetch debian --release t", ["trixie"]),
        ("essa completion ", ["bash", "zsh", "fish"]),
        ("essa run hello --cpus ", []),
    ),
)
def test_what_is_completed(
    line: str, found: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert completed(line, monkeypatch, capfd) == [f"plain,{each}" for each in found]


@pytest.mark.parametrize(
    "line", ("essa run ./", "essa run vmlinuz", "essa step seed", "essa run hello --plan ", "essa run hello --disk x")
)
def test_files_are_looked_for_by_the_shell(
    line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert completed(line, monkeypatch, capfd) == [f"file,{line.rsplit(' ', maxsplit=1)[-1]}"]


def test_all_that_ships(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    found = {each.removeprefix("plain,") for each in completed("essa run ", monkeypatch, capfd)}
    assert found == {*program_names(), *shipped_names(), "debian", "debian-bookworm", "debian-trixie", "hello.mine"}


@pytest.mark.parametrize("name", sorted(subcommands()))
def test_every_option(name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    flags = [each.opts[0] for each in subcommands()[name].params if each.opts[0].startswith("--")]
    assert completed(f"essa {name} --", monkeypatch, capfd) == [f"plain,{flag}" for flag in [*flags, "--help"]]


def test_bash_takes_the_script(tmp_path: Path) -> None:
    essa = tmp_path / "high" / "essa"
    essa.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {shlex.join(ESSA)} "$@"\n')
    essa.chmod(0o755)
    typed = "COMP_WORDS=(essa run hel); COMP_CWORD=2; _essa_completion essa; echo ${COMPREPLY[*]}"
    command = f"source <(essa completion bash); {typed}"
    environment = {**os.environ, "PATH": f"{essa.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("hello hello.mine\n", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert f"{VARIABLE}={shell}_complete" in capfd.readouterr().out


def test_a_shell_that_there_is_none_for(capfd: pytest.CaptureFixture[str]) -> None:
    assert wrong(capfd, "completion", "tcsh") == "completion: expected bash, zsh, fish, not 'tcsh'"


def test_nothing_heavy_is_loaded() -> None:
    code = (
        "import os, sys; from tools.command.cli import main; main([]); "
        "print(*sorted({'numpy', 'numba', 'unicorn', 'rich', 'matplotlib', 'textual', 'emu.machine'} & {*sys.modules}))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        VARIABLE: "bash_complete",
        "COMP_WORDS": "essa run hel",
        "COMP_CWORD": "2",
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines(), done.stderr) == (["plain,hello", "plain,hello.mine", ""], "")
