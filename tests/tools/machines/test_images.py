# SPDX-License-Identifier: GPL-2.0-or-later
"""What is typed for an image: a file, a program that ships, a scenario, a fetched Linux."""

from __future__ import annotations

from pathlib import Path

import pytest

from guest_kernel.native.shipped import image_path
from tools.machines.images import BootFiles, find_image


def test_program_that_ships() -> None:
    assert find_image("hello") == BootFiles(image_path("hello"))


def test_file_comes_before_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hello").write_bytes(b"mine")
    monkeypatch.chdir(tmp_path)
    assert find_image("hello") == BootFiles(Path("hello"))


@pytest.mark.parametrize("text", ("./hello", "hello.elf", "nowhere/hello"))
def test_what_looks_like_a_file_is_one(text: str) -> None:
    assert find_image(text) == BootFiles(Path(text))


def test_scenario_is_left_to_who_carries_it_out() -> None:
    assert find_image("seed") == BootFiles(Path("seed"))


@pytest.mark.parametrize(
    ("name", "near"),
    (("hallo", "; near it: hello"), ("sed", "; near it: seed"), ("debain", "; near it: debian"), ("qqqq", "")),
)
def test_names_that_are_near(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"^expected a file, or something that ships{near}, not {name}$"):
        find_image(name)
