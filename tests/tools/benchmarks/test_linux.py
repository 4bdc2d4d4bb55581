# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on both machines: the same guest, and a figure only if both have done what was asked."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tools.benchmarks import linux
from tools.benchmarks.figure import NotMeasured
from tools.benchmarks.linux import COUNTING, LinuxGuest, beside_qemu, seconds_of


@pytest.fixture
def _fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tools.debian.releases import DebianFiles

    files = DebianFiles(*(tmp_path / name for name in ("vmlinuz", "initrd", "record.json", "kallsyms")))
    monkeypatch.setattr(linux, "debian_files", lambda _: files)


@pytest.mark.usefixtures("_fetched")
def test_both_machines_get_the_same_guest(tmp_path: Path) -> None:
    guest = LinuxGuest("word", tmp_path / "other", tmp_path / "disk", cpus=2)
    ours, qemu = guest.ours(), guest.qemu(COUNTING)
    for command in (ours, qemu):
        text = " ".join(command)
        assert "console=ttyS0 cmma=on loglevel=4 word" in command
        assert str(tmp_path / "vmlinuz") in command
        assert "256M" in command
        assert str(tmp_path / "other") in command
        assert str(tmp_path / "disk") in text
        assert " 2 " in text
    assert "shift=auto" in qemu


def test_without_a_kernel_there_is_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    with pytest.raises(NotMeasured, match="essa fetch debian"):
        LinuxGuest("").ours()


def test_without_qemu_our_own_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NotMeasured, match=r"^QEMU is not installed; ours alone: 12\.5 s$"):
        beside_qemu(lambda: 12.5, lambda: 1, 3)


def test_a_ratio_is_of_pairs_taken_alternately(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    times = iter((6, 3, 8, 2))
    measured = beside_qemu(lambda: next(times), lambda: next(times), 2)
    assert measured.samples == (2, 4)
    assert measured.detail == "7.0 s to QEMU's 2.5 s"


def test_a_guest_that_does_not_say_what_it_must_is_no_figure() -> None:
    said = [sys.executable, "-c", "print('all is well')"]
    assert seconds_of(said, "well") > 0
    with pytest.raises(NotMeasured, match="all is well"):
        seconds_of(said, "better")


def test_a_guest_that_does_not_end_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_PATIENCE", 0.1)
    with pytest.raises(NotMeasured, match=r"did not end within 0\.1 s"):
        seconds_of([sys.executable, "-c", "import time; time.sleep(60)"], "")
