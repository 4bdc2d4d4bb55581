# SPDX-License-Identifier: GPL-2.0-or-later
"""Images on another machine."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.command.cli import main
from tools.conform.architecture.case import Case, FinalState, facility
from tools.conform.architecture.collection import DIRECTORY, read_cases
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.image import make_image
from tools.conform.architecture.outcome import CaseOutcome
from tools.conform.architecture.qemu import PROGRAM, is_installed, run_on_qemu, version
from tools.conform.known import read_known, without_programs
from tools.conform.results import Entry

needs_qemu = pytest.mark.skipif(not is_installed(), reason=f"{PROGRAM} is not installed")


@needs_qemu
def test_verdicts_of_qemu(tiny: Case) -> None:
    assert run_on_qemu(make_image(tiny)) == CaseOutcome(CaseVerdict.PASSED)
    wrong = replace(tiny, end=FinalState(registers={3: 6}))
    assert run_on_qemu(make_image(wrong)) == CaseOutcome(
        CaseVerdict.FAILED, "general register 3: expected 0000000000000006, found 0000000000000007"
    )
    needing = replace(tiny, needs=(facility(255),))  # type: ignore[arg-type]
    assert run_on_qemu(make_image(needing)) == CaseOutcome(CaseVerdict.SKIPPED, "needs facility 255")


# What both machines do as the manual says, what QEMU has not, and what QEMU does otherwise.
@needs_qemu
@pytest.mark.parametrize(
    ("name", "verdict"),
    (
        ("program-interruptions/operation-6", CaseVerdict.PASSED),
        ("protection/low-first", CaseVerdict.PASSED),
        ("address-translation/invalid-region-second-store", CaseVerdict.PASSED),
        ("signaling/store-status", CaseVerdict.PASSED),
        ("page-hinting/zvm-Vz-6", CaseVerdict.SKIPPED),
        # Storage keys protect nothing there.
        ("protection/key-1-20-store", CaseVerdict.FAILED),
    ),
)
def test_cases_on_qemu(name: str, verdict: CaseVerdict) -> None:
    assert run_on_qemu(make_image(read_cases()[name])).verdict is verdict


@needs_qemu
def test_a_case_that_does_not_end_on_qemu(tiny: Case) -> None:
    endless = make_image(replace(tiny, code="BRC 15,*", events=()))
    outcome = run_on_qemu(endless, timeout=1)
    assert outcome == CaseOutcome(CaseVerdict.NONE, "it did not end in 1 s; no interruption was taken")


@pytest.mark.skipif(not is_installed() or "7.2" not in version(), reason=f"{PROGRAM} 7.2 is not installed")
def test_what_is_known_of_qemu(tmp_path: Path) -> None:
    saved = tmp_path / "out.json"
    command = ["conform", "architecture", "--on", PROGRAM, "--json", str(saved), "--only", "translation-questions"]
    assert main(command) == 1
    assert main([*command, "--known", str(DIRECTORY / "qemu-7.2.toml")]) == 0
    report = json.loads(saved.read_text())
    assert report["machine"].startswith("QEMU emulator version 7.2")
    assert report["totals"]["known"] == 4
    assert report["totals"]["failed"] == 0


@pytest.mark.parametrize(
    "text", ("print('Supported machines are:\\nnone  empty machine')", "import time; time.sleep(9)")
)
def test_a_program_that_has_not_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    monkeypatch.setattr("tools.conform.architecture.qemu._LONGEST_ANSWER", 1)
    program = tmp_path / "qemu"
    program.write_text(f"#!{sys.executable}\n{text}\n")
    program.chmod(0o755)
    assert not is_installed(str(program))


def test_a_program_that_does_not_say_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tools.conform.architecture.qemu._LONGEST_ANSWER", 1)
    program = tmp_path / "qemu"
    program.write_text(f"#!{sys.executable}\nimport time; time.sleep(9)\n")
    program.chmod(0o755)
    assert version(str(program)) == str(program)
    program.write_text("no program")
    assert version(str(program)) == str(program)


def test_a_program_that_writes_no_text(tiny: Case, tmp_path: Path) -> None:
    program = tmp_path / "qemu"
    program.write_text("#!/bin/sh\nprintf '\\377'; printf '\\376' >&2; exit 3\n")
    program.chmod(0o755)
    assert version(str(program)) == "\\xff"
    outcome = run_on_qemu(make_image(tiny), program=str(program))
    assert outcome == CaseOutcome(CaseVerdict.NONE, "QEMU ended with status 3: \\xfe")


def test_a_program_that_is_no_qemu(tiny: Case, tmp_path: Path) -> None:
    program = tmp_path / "qemu"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no such machine')\n")
    program.chmod(0o755)
    outcome = run_on_qemu(make_image(tiny), program=str(program))
    assert outcome == CaseOutcome(CaseVerdict.NONE, "QEMU ended with status 1: no such machine")


def test_what_is_known_of_qemu_is_about_cases() -> None:
    known = read_known([DIRECTORY / "qemu-7.2.toml"])
    assert without_programs(known, [Entry(name) for name in read_cases()]) == []
