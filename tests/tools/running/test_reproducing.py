# SPDX-License-Identifier: GPL-2.0-or-later
"""A run that ended in a way nobody asked for says what led there."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.devices.disk_image import DiskImage
from tests.support.command import write_program
from tests.support.elf import ENTRY, FAILED, PASSED, ending_program
from tools.command.cli import main

UNASKED = 0x2000


def shown(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The lines on standard error of a run that ends with status 3."""
    assert main(["run", *arguments]) == 3
    return capfd.readouterr().err.splitlines()


def test_a_disabled_wait_nobody_asked_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines = shown(capfd, write_program(tmp_path, ending_program(bytes.fromhex("a7290001"), UNASKED)))
    assert lines[0].startswith("essa: disabled wait at 0x2000")
    assert lines[1] == "essa: the last instructions and interruptions:"
    assert f"{ENTRY:016x} (a7290001)" in lines[2]
    assert lines[-1] == f"essa:   cpu 0: {ENTRY + 4:016x} -> {UNASKED:016x}"


def test_a_program_interruption_loop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The new PSW is of zeros, and so is storage at 0, where there is no instruction: what led there is shown."""
    lines = shown(capfd, write_program(tmp_path, ending_program(b"").changed(segments=((ENTRY, bytes(2)),))))
    assert lines[0].startswith("essa: program-interruption loop")
    steps = [line for line in lines if "DC X'0000'" in line]
    assert [line.split()[4] for line in steps] == [f"{ENTRY:016x}", f"{0:016x}"]
    assert "essa:     (15 times)" in lines


@pytest.mark.parametrize("ending", (PASSED, FAILED))
def test_an_end_that_was_asked_for_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str], ending: int) -> None:
    main(["run", write_program(tmp_path, ending_program(b"", ending))])
    assert "last" not in capfd.readouterr().err


def test_on_a_host_that_pages(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The run is made again on a paging device of its own, whatever the file that was used has become."""
    program = write_program(tmp_path, ending_program(bytes.fromhex("a7290001"), UNASKED))
    paging = tmp_path / "paging"
    lines = shown(capfd, program, "--memory", "4M", "--host-memory", "2M", "--paging-file", str(paging))
    assert lines[1] == "essa: the last instructions and interruptions:"


def test_a_disk_that_was_written_is_not_written_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(4096))
    program = write_program(tmp_path, ending_program(b"", UNASKED))
    for option in (str(disk), f"{disk}:rw"):
        assert len(shown(capfd, program, "--disk", option)) > 2, "nothing was written"

    def written_at_once(image: DiskImage, path: Path, *, is_writable: bool = False) -> None:
        made(image, path, is_writable=is_writable)
        image.write(512, b"x")

    made = DiskImage.__init__
    monkeypatch.setattr(DiskImage, "__init__", written_at_once)
    assert shown(capfd, program, "--disk", f"{disk}:rw")[1:] == [
        "essa: the last instructions are not shown, since the run has changed a disk and cannot be made again"
    ]
    assert disk.read_bytes()[512:513] == b"x"


def test_a_run_that_goes_on_from_a_saved_machine(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = write_program(tmp_path, ending_program(bytes.fromhex("a7290001 a7390002 a7490003"), UNASKED))
    saved = str(tmp_path / "saved")
    whole = shown(capfd, program, "--save-at", "2", saved)
    lines = shown(capfd, program, "--from", saved)
    assert lines[0] == whole[0]
    assert lines[1] == "essa: the last instructions and interruptions:"
    assert f"{ENTRY + 8:016x} (a7490003)" in lines[2], "it begins where it was saved"
    assert lines[2:] == whole[4:]
