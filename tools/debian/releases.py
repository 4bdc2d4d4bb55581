# SPDX-License-Identifier: GPL-2.0-or-later
"""Where ``essa run debian`` finds what ``essa fetch debian`` has fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.usage.errors import UsageError

RELEASES: Final = {"bookworm": "Debian 12", "trixie": "Debian 13"}
NAME: Final = "debian"
"""What ``essa run`` takes for an image: with a release as in ``debian-trixie``, or the first one."""
COMMAND_LINE: Final = "console=ttyS0 cmma=on"


@dataclass(frozen=True, slots=True)
class DebianFiles:
    """What has been fetched of a release."""

    kernel: Path
    ramdisk: Path
    record: Path
    """Versions and SHA-256 sums, as JSON."""
    symbols: Path
    """What the kernel has in /proc/kallsyms; it may be missing."""


def release_of(image: str) -> str | None:
    """The release that *image* names, or None if it is something else."""
    if image == NAME:
        return next(iter(RELEASES))
    release = image.removeprefix(f"{NAME}-")
    return release if image.startswith(f"{NAME}-") and release in RELEASES else None


def debian_files(release: str) -> DebianFiles:
    """Where the files of *release* are.

    :raises UsageError: if they have not been fetched.
    """
    files = places(release)
    if not all(path.is_file() for path in (files.kernel, files.ramdisk, files.record)):
        raise UsageError(f"{NAME}: not there yet; expected 'essa fetch debian --release {release}' first")
    return files


def places(release: str) -> DebianFiles:
    """Where the files of *release* are, or would be."""
    import platformdirs

    directory = Path(platformdirs.user_cache_dir("essa")) / NAME / release
    return DebianFiles(directory / "vmlinuz", directory / "initrd", directory / "record.json", directory / "kallsyms")
