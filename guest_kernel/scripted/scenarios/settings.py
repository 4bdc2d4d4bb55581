# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario says of its machine, kernel, host and files; and the error of whatever cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emu.input_files.toml_tables import FieldError

PAGES_OF_A_MEGABYTE: Final = 256
MOST_PAGES: Final = 1 << 22
"""16 GiB: each page costs the model some hundred bytes."""
_MOST_CPUS: Final = 8
"""Their prefix areas lie below the text of the kernel."""
_MOST: Final = 1 << 40
"""More than anything here counts to."""
_PATCHES: Final = range(1, 7)


class ScenarioError(FieldError):
    """A scenario cannot be carried out; the message is one line that says where, and what was expected."""


def require(name: str, value: float | None, least: float, most: float = _MOST) -> None:
    """Check that field *name* has a *value* from *least* to *most*, or none.

    :raises ScenarioError: if it has not.
    """
    if value is not None and not least <= value <= most:
        # In hexadecimal if it is long, since a number of thousands of digits cannot be shown otherwise.
        shown = f"{value:#x}" if isinstance(value, int) and abs(value) > _MOST else f"{value:,}"
        raise ScenarioError(f"expected {least:,} to {most:,}, not {shown}", name)


def require_name(name: str, value: str) -> None:
    """Check that field *name* has a *value* by which something can be called.

    :raises ScenarioError: if it has not.
    """
    if not value or not value.isprintable():
        raise ScenarioError(f"expected a name, not {value!r}", name)


def choice(names: list[str]) -> str:
    """What to add to a message if one of *names* was expected."""
    return f"; expected {', '.join(names)}" if names else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """The machine."""

    pages: int
    """Absolute storage, a multiple of 256 (1 MB)."""
    cpus: int = 1

    def __post_init__(self) -> None:
        require("pages", self.pages, PAGES_OF_A_MEGABYTE, MOST_PAGES)
        if self.pages % PAGES_OF_A_MEGABYTE:
            raise ScenarioError(f"expected a multiple of {PAGES_OF_A_MEGABYTE} (1 MB), not {self.pages:,}", "pages")
        require("cpus", self.cpus, 1, _MOST_CPUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSettings:
    """The kernel."""

    patches: tuple[int, ...] = tuple(_PATCHES)
    """Which of the six patches of guest page hinting it has."""
    cmma: bool = True
    """The kernel parameter of that name: whether it uses ESSA at all."""
    image_pages: int = 0
    """Pages of its image, which is loaded before it begins and stays for ever."""
    balloon: bool = False
    """Whether it gives the host pages when the host's monitor asks for them."""
    tick_every: int = 0
    """Units of work between two timer interruptions; 0: they come only where a step says so."""
    swap_pages: int = 0
    """What its own swap device holds."""

    def __post_init__(self) -> None:
        for patch in self.patches:
            if patch not in _PATCHES:
                raise ScenarioError(f"expected numbers of patches, 1 to {_PATCHES[-1]}, not {patch}", "patches")
        require("image_pages", self.image_pages, 0, MOST_PAGES)
        require("tick_every", self.tick_every, 0)
        require("swap_pages", self.swap_pages, 0, MOST_PAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The host under the machine, for whoever makes it: the kernel knows nothing of it."""

    frames: int | None = None
    """Real storage, in pages; None is as much as the guest may want."""
    paging_pages: int | None = None
    """What the paging device holds; None is every page of the guest."""
    policy: str = "lru"
    """Which pages go first."""

    def __post_init__(self) -> None:
        require("frames", self.frames, 1)
        require("paging_pages", self.paging_pages, 0)
        require_name("policy", self.policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareSettings:
    """How the scenario is compared with itself without hints, by whoever compares."""

    frames: tuple[int, ...]
    """Sizes of the host, one after the other, in pages."""

    def __post_init__(self) -> None:
        if not self.frames:
            raise ScenarioError("expected at least one size of the host", "frames")
        for frames in self.frames:
            require("frames", frames, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file on the guest's disk."""

    name: str
    pages: int
    dirty_accounting: bool = True
    """Whether a page that a process may store into is mapped read-only until it does; if not the change bit tells."""

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require("pages", self.pages, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A directory tree on the guest's disk, whose files have log-normally distributed sizes."""

    name: str
    files: int
    directories: int = 1
    median_bytes: int
    """Half of the files are smaller."""
    sigma: float = 0.0
    """Standard deviation of the natural logarithm of the size; 0 makes all files the same."""
    largest_bytes: int = 1 << 24
    """No file is larger."""
    seed: int = 0
    """Of the random numbers."""

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require("files", self.files, 1, MOST_PAGES)
        require("directories", self.directories, 1, self.files)
        require("median_bytes", self.median_bytes, 1)
        require("sigma", self.sigma, 0, 5)
        require("largest_bytes", self.largest_bytes, self.median_bytes)
        require("seed", self.seed, 0)
