# SPDX-License-Identifier: GPL-2.0-or-later
"""What is a program, and what is refused before anything boots."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from emu.cpu import CpuState
from emu.facilities import OFFERED
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.command import ROOT
from tests.support.elf import ENTRY, Elf
from tests.support.linux_programs import linux_program
from tools.command.cli import main
from tools.conform.known import read_known, with_known
from tools.conform.linux.options import LinuxOptions
from tools.conform.linux.suite import LinuxSuite
from tools.conform.results import Entry, Outcome, Result
from tools.conform.suites import Unsuitable
from tools.usage.options import read_options

INTERPRETER = 3
LOOP = bytes.fromhex("a76a0001 a7f4fffe")
"""AHI 6,1; BRC 15,*-4."""


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory with what looks like a kernel."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "cache" / "essa" / "debian" / "bookworm"
    place.mkdir(parents=True)
    for name in ("vmlinuz", "initrd", "record.json"):
        (place / name).write_bytes(b"")
    return place


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(
    ("content", "reason"),
    (
        (Elf(((0x1000000, b"x"),), segment_type=INTERPRETER).to_bytes(), "linked dynamically"),
        (Elf(((0x1000000, b"x"),), machine=62).to_bytes(), "not a program for s390x"),
    ),
)
def test_what_cannot_be_run_is_left_out(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "program").write_bytes(content)
    suite = LinuxSuite(read_options(LinuxOptions, {"directory": str(tmp_path)}))
    (entry,) = suite.entries()
    with pytest.raises(Unsuitable, match=reason):
        suite.job(entry)


@pytest.mark.parametrize(
    ("options", "message"),
    (
        (("nowhere",), "nowhere: cannot be read: No such file or directory"),
        (("cache",), "cache: expected a directory with ELF files in it"),
        ((".", "--release", "sarge"), "--release: expected bookworm, trixie, not 'sarge'"),
        ((".", "--release", "trixie"), "debian: not there yet; expected 'essa fetch debian --release trixie' first"),
        ((".", "--memory", "3"), "--memory: expected a multiple of 1M, not 3"),
    ),
)
@pytest.mark.usefixtures("kernel")
def test_wrong_use(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "program").write_bytes(linux_program())
    monkeypatch.chdir(tmp_path)
    assert main(["conform", "linux", *options]) == 2
    assert message in capfd.readouterr().err


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_what_is_interrupted_while_the_guest_boots_leaves_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    machine = Machine(MEGABYTE)
    machine.storage.write(ENTRY, LOOP)
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, ENTRY))
    machine.cpus[0].state = CpuState.OPERATING
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(linux_program())
    saved = tmp_path / "out.json"

    @contextmanager
    def press(*_: object) -> Iterator[None]:
        signal.raise_signal(number)
        yield

    monkeypatch.setattr("tools.conform.linux.guest.set_up", lambda _: SimpleNamespace(machines=[machine]))
    monkeypatch.setattr("tools.conform.linux.guest.progress", press)
    assert main(["conform", "linux", str(tmp_path), "--json", str(saved)]) == 3
    report = json.loads(saved.read_text())
    assert report["programs"] == []
    assert report["not_run"] == ["one", "two"]


def test_what_is_known_of_the_tests_of_qemu_needs_facilities_that_are_not_here() -> None:
    known = read_known([ROOT / "tools" / "conform" / "linux" / "qemu-tests.toml"])
    for each in known:
        (bit,) = re.findall(r"\(bit (\d+)\)", each.reason)
        assert int(bit) not in OFFERED, each.program
    failed = {
        name: Result(Entry(name), Outcome.FAILED, "ended by signal 4") for name in ("mie3-sel", "vxeh2_vs", "clc")
    }
    found = {name: with_known(result, known).outcome for name, result in failed.items()}
    assert found == {"mie3-sel": Outcome.KNOWN, "vxeh2_vs": Outcome.KNOWN, "clc": Outcome.FAILED}
