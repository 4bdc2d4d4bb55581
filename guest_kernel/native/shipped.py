# SPDX-License-Identifier: GPL-2.0-or-later
"""The native programs that ship, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

IMAGES: Final = Path(__file__).parent / "images"
_SUFFIX: Final = ".elf"
DESCRIPTIONS: Final = {
    "essa-table": "Every request of ESSA in every page state, as a table; its exceptions; the discard fault",
    "hello": "Prints the command line and ends",
    "interruptions": "Every interruption that a program can bring about, and what it leaves in the low core",
    "keys": "Storage keys: setting, inserting and resetting, reference and change recording, protection",
    "loops": "Loops for measuring (register=N storage=N essa=N)",
    "pressure": "Behaves like a kernel with page hinting, and verifies every byte; for a host with less memory",
}
"""What each does, in a line."""


def program_names() -> list[str]:
    """The names of the programs whose images ship, sorted."""
    return sorted(image.stem for image in IMAGES.glob(f"*{_SUFFIX}"))


def image_path(name: str, directory: Path = IMAGES) -> Path:
    """Where the image of program *name* is in *directory*, whether it is there or not."""
    return directory / f"{name}{_SUFFIX}"
