# SPDX-License-Identifier: GPL-2.0-or-later
"""From options to a machine: images and disks that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import write_program, wrong
from tests.support.elf import ESSA_PROGRAM, Elf, ending_program
from tools.command.cli import main
from tools.usage.errors import UsageError


def test_wrong_image(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    elf = ending_program(b"")
    text = write_program(tmp_path, b"#!/bin/sh\n", "text")
    foreign = write_program(tmp_path, elf.changed(machine=62), "foreign")
    cut = write_program(tmp_path, elf.to_bytes()[:-1], "cut")
    large = write_program(tmp_path, elf.changed(extra_memory=1 << 30), "large")
    assert "text: expected an ELF file" in wrong(capfd, "run", text)
    assert "foreign: e_machine is EM_X86_64, not EM_S390" in wrong(capfd, "run", foreign)
    assert "cut: truncated" in wrong(capfd, "run", cut)
    assert "large: loadable segment 0 at 0x1d0-" in wrong(capfd, "run", large)
    assert "none: cannot be read: No such file or directory" in wrong(capfd, "step", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("content", "message"),
    (
        (None, "cannot be opened: No such file or directory"),
        (b"", "expected a multiple of 512 bytes, not 0"),
        (b"x" * 513, "expected a multiple of 512 bytes, not 513"),
    ),
)
def test_a_disk_that_is_none(
    program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    image = tmp_path / "image"
    if content is not None:
        image.write_bytes(content)
    assert main(["run", program, "--disk", str(image)]) == 2
    error = capfd.readouterr().err
    assert error.startswith(f"essa: --disk: {image}")
    assert message in error


def test_guests_do_not_write_the_same_disk(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    assert main(["run", program, "--disk", f"{image}:rw", "--guests", "2"]) == 2
    assert "--disk: several guests cannot write the same image" in capfd.readouterr().err


def test_a_program_that_finds_no_room_is_not_loaded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "large.elf"
    segments = ending_program(ESSA_PROGRAM).segments
    path.write_bytes(Elf((*segments, (1 << 20, b"\x01" * (1 << 20)))).to_bytes())
    arguments = ["run", str(path), "--memory", "8M", "--host-memory", "512K", "--paging-size", "4K"]
    assert main(arguments) == 2
    assert "cannot be loaded: no frame can be made free" in capfd.readouterr().err


@pytest.mark.parametrize(
    "command", (("run", "hello"), ("run", "life-of-a-page"), ("step", "hello", "--commands", "q"), ("differ",))
)
def test_a_first_use_says_that_it_compiles(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UsageError("no machine is wanted")

    monkeypatch.setattr("emu.engine.compiled.are_kept", lambda: False)
    monkeypatch.setattr("emu.engine.compiling.compile_callbacks", lambda advance: advance(1, 2))
    monkeypatch.setattr("emu.machine.Machine", refuse)
    assert main(list(command)) == 2
    said, refused = capfd.readouterr().err.splitlines()
    assert said == "essa: compiling the engine's callbacks, once; a minute or so"
    assert refused.endswith("no machine is wanted")
