# SPDX-License-Identifier: GPL-2.0-or-later
"""The modules of a kernel package that a guest needs for its disk, in the order in which they have to be loaded."""

from __future__ import annotations

import io
import lzma
from typing import TYPE_CHECKING, Final

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

DISK_MODULES: Final = ("crc32c_generic", "virtio_blk", "ext4", "squashfs")
"""Virtio disks, two file systems for them, and what the first of these asks for by its algorithm's name only."""
_XZ: Final = ".xz"
_MODULE: Final = ".ko"


def select_modules(root: Path, wanted: tuple[str, ...] = DISK_MODULES) -> dict[str, bytes]:
    """The modules *wanted* below the directory *root*, by name, each after those that it depends on.

    A module that is not there is part of the kernel, or unknown to it.

    :raises UsageError: if a file is no module.
    """
    places = {}
    for path in sorted(root.rglob(f"*{_MODULE}*")):
        name = path.name.removesuffix(_XZ)
        if name.endswith(_MODULE):
            places[_plain(name.removesuffix(_MODULE))] = path
    found: dict[str, bytes] = {}

    def add(name: str, dependents: tuple[str, ...]) -> None:
        if name in found or name not in places:
            return
        if name in dependents:
            raise UsageError(f"fetch: {places[name].name}: depends on itself")
        content = _read(places[name])
        for needed in _depends(content, places[name]):
            add(needed, (*dependents, name))
        found[name] = content

    for name in wanted:
        add(name, ())
    return found


def _plain(name: str) -> str:
    """*name* as the kernel has it: a file may be called with dashes."""
    return name.replace("-", "_")


def _read(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        return lzma.decompress(content) if path.name.endswith(_XZ) else content
    except lzma.LZMAError:
        raise UsageError(f"fetch: {path.name}: expected a file that xz has compressed") from None


def _depends(content: bytes, path: Path) -> list[str]:
    """The names of the modules that a module says it depends on."""
    try:
        section = ELFFile(io.BytesIO(content)).get_section_by_name(".modinfo")
    except ELFError:
        section = None
    if section is None:
        raise UsageError(f"fetch: {path.name}: expected a kernel module")
    for field in section.data().split(b"\0"):
        key, _, value = field.decode("utf-8", errors="replace").partition("=")
        if key == "depends":
            return [_plain(name) for name in value.split(",") if name]
    return []
