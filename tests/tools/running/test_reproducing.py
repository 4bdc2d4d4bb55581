# SPDX-License-Identifier: GPL-2.0-or-later
"""A run that ended in a way nobody asked for says what led there."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.devices.disk_image import DiskImage
from tests.support.command import write_program
from tests.support.disk_writer import disk_writer
from tests.support.elf import ENTRY, FAILED, PASSED, ending_program
from tools.command.cli import main
from tools.running import reproducing

UNASKED = 0x2000
keep = DiskImage.keep_original


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


def test_a_disk_that_was_written_is_not_written_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The run is made again on what the disk held before; the file holds what the run has written."""
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(4096))
    program = write_program(tmp_path, disk_writer((1, b"a" * 512), (1, b"b" * 512), ending=UNASKED))
    lines = shown(capfd, program, "--disk", f"{disk}:rw")
    assert lines[1] == "essa: the last instructions and interruptions:"
    assert sum("DIAG" in line for line in lines) == 2
    assert disk.read_bytes() == bytes(512) + b"b" * 512 + bytes(3072)


def test_a_run_from_a_saved_machine_whose_disk_was_written_since(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """To be restored, the disk must hold again what it held then."""
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(4096))
    program = write_program(tmp_path, disk_writer((1, b"a" * 512), (2, b"b" * 512), ending=UNASKED))
    saved = str(tmp_path / "saved")
    whole = shown(capfd, program, "--disk", f"{disk}:rw", "--save-at", "14", saved)
    # The first sector was written before.
    disk.write_bytes(bytes(512) + b"a" * 512 + bytes(3072))
    lines = shown(capfd, program, "--disk", f"{disk}:rw", "--from", saved)
    assert lines[2:] == whole[-len(lines[2:]) :]
    assert sum("DIAG" in line for line in lines) == 1
    assert disk.read_bytes() == bytes(512) + b"a" * 512 + b"b" * 512 + bytes(2560)


def test_more_was_written_than_is_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproducing, "_MOST_OF_A_DISK", 1 << 20)
    monkeypatch.setattr(DiskImage, "keep_original", lambda image, _: keep(image, 512))
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(4096))
    program = write_program(tmp_path, disk_writer((1, b"a" * 512), (2, b"b" * 512), ending=UNASKED))
    (line,) = shown(capfd, program, "--disk", f"{disk}:rw")[1:]
    expected = "essa: the last instructions are not shown: the run has written more than 1M on a disk, "
    assert line == expected + "and cannot be made again"


def test_a_run_that_goes_on_from_a_saved_machine(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = write_program(tmp_path, ending_program(bytes.fromhex("a7290001 a7390002 a7490003"), UNASKED))
    saved = str(tmp_path / "saved")
    whole = shown(capfd, program, "--save-at", "2", saved)
    lines = shown(capfd, program, "--from", saved)
    assert lines[0] == whole[0]
    assert lines[1] == "essa: the last instructions and interruptions:"
    assert f"{ENTRY + 8:016x} (a7490003)" in lines[2], "it begins where it was saved"
    assert lines[2:] == whole[4:]
