# SPDX-License-Identifier: GPL-2.0-or-later
"""What is typed for an image: a file, a program that ships, a scenario, a fetched Linux."""

from __future__ import annotations

from pathlib import Path

import pytest

from guest_kernel.native.shipped import DESCRIPTIONS, image_path, program_names
from tools.command.cli import main
from tools.machines.images import BootFiles, find_image
from tools.scenarios.catalogue import find_scenario


def test_program_that_ships() -> None:
    assert find_image("hello") == BootFiles(image_path("hello"))


@pytest.mark.parametrize("name", ("hello", "debian", "seed"))
def test_file_comes_before_what_ships(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_bytes(b"mine")
    monkeypatch.chdir(tmp_path)
    assert find_image(name) == BootFiles(Path(name))
    assert find_scenario(name) is None


@pytest.mark.parametrize("name", ("hello", "seed"))
def test_directory_does_not(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert (find_image(name).path.suffix, find_scenario(name) is not None) in ((".elf", False), ("", True))


def test_programs_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["programs"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == program_names()
    assert lines[1] == "hello          Prints the command line and ends"
    assert sorted(DESCRIPTIONS) == program_names()


@pytest.mark.parametrize("text", ("./hello", "hello.elf", "nowhere/hello"))
def test_what_looks_like_a_file_is_one(text: str) -> None:
    assert find_image(text) == BootFiles(Path(text))


def test_scenario_is_left_to_who_carries_it_out() -> None:
    assert find_image("seed") == BootFiles(Path("seed"))


@pytest.mark.parametrize(
    ("name", "near"),
    (
        ("hallo", ": did you mean hello?"),
        ("sed", ": did you mean seed?"),
        ("debain", ": did you mean debian?"),
        ("qqqq", ""),
    ),
)
def test_names_that_are_near(name: str, near: str) -> None:
    with pytest.raises(ValueError, match="nothing that ships") as caught:
        find_image(name)
    assert str(caught.value) == (
        f"no file and nothing that ships is called {name!r} (see essa programs, essa scenarios){near}"
    )
