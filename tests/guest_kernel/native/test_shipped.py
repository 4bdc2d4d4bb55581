# SPDX-License-Identifier: GPL-2.0-or-later
"""Native programs by name."""

from __future__ import annotations

from pathlib import Path

from guest_kernel.native import build
from guest_kernel.native.shipped import image_path, program_names


def test_every_program_ships() -> None:
    assert program_names() == build.programs()
    for name in program_names():
        assert image_path(name).read_bytes()[:4] == b"\x7fELF"


def test_image_elsewhere() -> None:
    assert image_path("hello", Path("elsewhere")) == Path("elsewhere/hello.elf")
