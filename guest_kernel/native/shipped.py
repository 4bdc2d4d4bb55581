# SPDX-License-Identifier: GPL-2.0-or-later
"""The native programs that ship, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

IMAGES: Final = Path(__file__).parent / "images"
_SUFFIX: Final = ".elf"


def program_names() -> list[str]:
    """The names of the programs whose images ship, sorted."""
    return sorted(image.stem for image in IMAGES.glob(f"*{_SUFFIX}"))


def image_path(name: str, directory: Path = IMAGES) -> Path:
    """Where the image of program *name* is in *directory*, whether it is there or not."""
    return directory / f"{name}{_SUFFIX}"
