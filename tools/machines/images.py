# SPDX-License-Identifier: GPL-2.0-or-later
"""What is typed for an image, and which files it means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emu.input_files.near_names import did_you_mean

_CARRY_OUT_SCENARIOS: Final = frozenset({"run", "compare"})
"""Subcommands."""


@dataclass(frozen=True, slots=True)
class BootFiles:
    """A file to run, and what belongs to it unless something else is said."""

    path: Path
    ramdisk: Path | None = None
    command_line: str | None = None
    symbols: Path | None = None
    """Of the kernel, if the image has none itself."""


def find_image(text: str) -> BootFiles:
    """The files that *text* means: a file, a Linux that was fetched, or the name of a program that ships.

    :raises ValueError: if it is a single word, and neither a file nor something that ships; names near it are told.
    """
    if is_file(text):
        return BootFiles(Path(text))
    from tools.debian.releases import COMMAND_LINE, debian_files, release_of

    release = release_of(text)
    if release is not None:
        files = debian_files(release)
        symbols = files.symbols if files.symbols.is_file() else None
        return BootFiles(files.kernel, files.ramdisk, COMMAND_LINE, symbols)
    return BootFiles(_shipped_program(text))


def is_file(text: str) -> bool:
    """Whether *text* means a file, which comes before whatever ships under the same name: it looks like one, or is."""
    path = Path(text)
    return "/" in text or bool(path.suffix) or path.is_file()


def image_names(command: str) -> list[str]:
    """The names of what the subcommand *command* can be given besides files."""
    from guest_kernel.native.shipped import program_names
    from guest_kernel.scripted.scenarios.shipped import shipped_names
    from tools.debian.releases import NAME, RELEASES

    scenarios = shipped_names() if command in _CARRY_OUT_SCENARIOS else []
    return sorted([*program_names(), *scenarios, NAME, *(f"{NAME}-{release}" for release in RELEASES)])


def list_programs() -> None:
    """Print the name and the description of each program that ships."""
    from guest_kernel.native.shipped import DESCRIPTIONS, program_names

    names = program_names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {DESCRIPTIONS[name]}")


def _shipped_program(name: str) -> Path:
    from guest_kernel.native.shipped import image_path, program_names
    from guest_kernel.scripted.scenarios.shipped import shipped_names
    from tools.debian.releases import NAME

    if name in program_names():
        return image_path(name)
    if name in shipped_names():
        # A subcommand that carries out scenarios looks for it before it asks for a file.
        return Path(name)
    near = did_you_mean(name, [*program_names(), *shipped_names(), NAME])
    raise ValueError(f"no file and nothing that ships is called {name!r} (see essa programs, essa scenarios){near}")
