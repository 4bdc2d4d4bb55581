# SPDX-License-Identifier: GPL-2.0-or-later
"""A directory of bare-metal programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.elf import FAILED, LOOP, PASSED, Elf, ending_program
from tests.support.suite import lines_of, program
from tools.command.cli import main
from tools.conform.architecture.case import OUTSIDE, TWO_CPUS, VERIFIED, Case, Need, facility
from tools.conform.architecture.image import make_image

DAMAGED = (
    "expected an ELF file (7f 45 4c 46), a Linux kernel image ('S390EP' at 0x10008), "
    "or an image that begins with an 8-byte PSW"
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Programs that end in every way."""
    programs = {
        "right": ending_program(b"", PASSED),
        "wrong": ending_program(bytes.fromhex("a7190003"), FAILED),
        "deeper/elsewhere": ending_program(b"", 0x123),
        "deeper/endless": ending_program(LOOP),
        "telling": program("PASS: one", "FAIL: two"),
        "leaving": program("SKIP: no such facility", "EXIT: STATUS=77"),
        "left-out": program(ending=0x77),
        "left-out-behind-a-failure": program("FAIL: three", ending=0x77),
    }
    (tmp_path / "deeper").mkdir()
    for name, elf in programs.items():
        (tmp_path / name).write_bytes(elf.to_bytes())
    (tmp_path / "damaged.elf").write_bytes(b"no ELF")
    (tmp_path / "README").write_text("no program")
    (tmp_path / "part.o").write_bytes(Elf(()).to_bytes())
    return tmp_path


def test_how_programs_end(directory: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "report.json"
    assert main(["conform", "elf", str(directory), "--max-instructions", "100000", "--json", str(saved)]) == 1
    assert sorted(lines_of(capfd.readouterr().out)) == [
        "1 passed, 2 skipped, 4 failed, 1 timeout, 1 stopped",
        f"FAIL    damaged.elf ({directory}/damaged.elf: {DAMAGED})",
        "FAIL    left-out-behind-a-failure (1 test, 1 failed, three)",
        "FAIL    telling (2 tests, 1 failed, two)",
        "FAIL    wrong (failed)",
        "PASS    right",
        "SKIP    leaving (1 test, 1 skipped, no such facility)",
        "SKIP    left-out (the program left everything out)",
        "STOPPED deeper/elsewhere (disabled wait at 0x123)",
        "TIMEOUT deeper/endless (not ended in time)",
    ]
    programs = {each["entry"]["name"]: each for each in json.loads(saved.read_text())["programs"]}
    assert programs["deeper/endless"]["entry"]["groups"] == ["deeper"]
    assert any("LGHI 1,3" in line for line in programs["wrong"]["last_steps"])
    assert "last_steps" not in programs["right"]


@pytest.mark.parametrize("needs", ((OUTSIDE,), (facility(0), OUTSIDE, TWO_CPUS), (facility(0), facility(1), OUTSIDE)))
def test_an_image_that_leaves_itself_out_says_what_it_needs(
    tmp_path: Path, needs: tuple[Need, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """Facilities 0 and 1, of the instructions of z/Architecture and of z/Architecture itself, are there."""
    case = Case(name="tiny", rule="r", source="s", basis=VERIFIED, code="LGHI 3,7", needs=needs)
    (tmp_path / "tiny.elf").write_bytes(make_image(case).elf())
    assert main(["conform", "elf", str(tmp_path)]) == 0
    reason = f"tiny: needs {OUTSIDE.name}"
    assert lines_of(capfd.readouterr().out)[0] == f"SKIP    tiny.elf (1 test, 1 skipped, {reason})"


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("nowhere",), "nowhere: expected a directory with ELF files, or files *.elf, in it"),
        ((".", "--memory", "3"), "--memory: expected a multiple of 1M, not 3"),
        ((".", "--cpus", "300"), "--cpus: expected 1 to 248, not 300"),
    ),
)
def test_wrong_use(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(directory)
    assert main(["conform", "elf", *options]) == 2
    assert message in capfd.readouterr().err
