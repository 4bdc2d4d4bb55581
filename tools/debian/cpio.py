# SPDX-License-Identifier: GPL-2.0-or-later
"""Archives in the "new ASCII" format of cpio, as Linux unpacks them into its first file system.

The same entries give the same bytes: no owner, no time of the host gets in.  Source: Linux,
Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAGIC: Final = "070701"
_TRAILER: Final = "TRAILER!!!"
_ALIGNMENT: Final = 4
_LARGEST: Final = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Member:
    """One file, directory, link or device.

    :raises ValueError: if the name or the content cannot be in such an archive.
    """

    name: str
    """From the root on, without a slash at its beginning."""
    mode: int
    """Type and permissions, as :mod:`stat` has them."""
    content: bytes = b""
    """Of a file; of a link what it leads to."""
    device: tuple[int, int] = (0, 0)
    """Major and minor number of a device."""

    def __post_init__(self) -> None:
        if not self.name or self.name.startswith("/") or "\0" in self.name or self.name == _TRAILER:
            raise ValueError(f"not a name for an archive: {self.name!r}")
        if len(self.content) > _LARGEST:
            raise ValueError(f"{self.name}: {len(self.content)} bytes are too many for an archive")


def directory(name: str, permissions: int = 0o755) -> Member:
    """A directory."""
    return Member(name, stat.S_IFDIR | permissions)


def file(name: str, content: bytes, permissions: int = 0o644) -> Member:
    """A file."""
    return Member(name, stat.S_IFREG | permissions, content)


def link(name: str, target: str) -> Member:
    """A symbolic link to *target*."""
    return Member(name, stat.S_IFLNK | 0o777, target.encode())


def character_device(name: str, major: int, minor: int, permissions: int = 0o600) -> Member:
    """A character device."""
    return Member(name, stat.S_IFCHR | permissions, device=(major, minor))


def archive(entries: Iterable[Member]) -> bytes:
    """The archive with *entries*, in their order; a directory has to come before what is in it."""
    parts = [_packed(number, entry) for number, entry in enumerate(entries, 1)]
    return b"".join([*parts, _packed(0, None)])


def _packed(number: int, entry: Member | None) -> bytes:
    """One entry with its header, or the trailer."""
    name = (entry.name if entry is not None else _TRAILER).encode() + b"\0"
    mode, content, device = (entry.mode, entry.content, entry.device) if entry is not None else (0, b"", (0, 0))
    links = 2 if stat.S_ISDIR(mode) else 1
    # Inode, mode, user, group, links, time, size, device of the file system (2), device (2), length of name, checksum.
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, *device, len(name), 0)
    header = _MAGIC.encode() + b"".join(b"%08x" % field for field in fields)
    return _padded(header + name) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
