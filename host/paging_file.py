# SPDX-License-Identifier: GPL-2.0-or-later
"""The file of the paging device: made, found and locked, with a header that says whose it is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import struct
import tempfile
import zlib
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE

if TYPE_CHECKING:
    from pathlib import Path

SLOTS_MAXIMUM: Final = 2**31 - 1
"""Slot numbers fit in 32 bits with a sign."""

_MAGIC: Final = b"page-hinting-machine paging file\n"
_VERSION: Final = 1
_HEADER: Final = struct.Struct(">40sIQ")
"""Magic, version, number of slots; the checksum of these follows, then zeros."""
_CHECKSUM: Final = struct.Struct(">I")
_KINDS: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
}


class PagingDeviceError(Exception):
    """There can be no paging device in this file; the text names the file and what was expected."""


def slot_offset(slot: int) -> int:
    """Where *slot* lies in the file, behind the header."""
    return (slot + 1) * PAGE_SIZE


def cause(error: OSError) -> str:
    """The error as people read it."""
    return error.strerror or str(error)


def open_unnamed() -> int:
    """The descriptor of a file without a name, gone when closed, in the directory for temporary files.

    :raises PagingDeviceError: if there can be none.
    """
    try:
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
    except OSError as error:
        raise PagingDeviceError(f"no temporary paging file can be made: {error}") from error


def open_named(path: Path, slots: int) -> int:
    """The descriptor of the locked paging file *path*: a header for *slots* slots and nothing else.

    :raises PagingDeviceError: if it is not a regular file that can be made, or was made here and is not open elsewhere.
    """
    created = not _is_regular(path)
    try:
        # Without waiting and without following: the file may have become another one since it was looked at.
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | (os.O_CREAT | os.O_EXCL if created else 0)
        file = os.open(path, flags, 0o600)
    except OSError as error:
        done = "made" if created else "opened for reading and writing"
        raise PagingDeviceError(f"{path}: a paging file expected, which cannot be {done}: {cause(error)}") from error
    try:
        _lock(path, file)
        if not created:
            _require_ours(path, file)
        _write_header(path, file, slots)
    except BaseException:
        if created:
            with contextlib.suppress(OSError):
                path.unlink()
        os.close(file)
        raise
    return file


def _is_regular(path: Path) -> bool:
    """Whether there is a regular file *path*; false if there is nothing."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise PagingDeviceError(f"{path}: a paging file expected, which cannot be found: {cause(error)}") from error
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise PagingDeviceError(f"{path}: is {kind}, a regular file expected")
    return True


def _lock(path: Path, file: int) -> None:
    """Keep others out of the *file* as long as it is open."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PagingDeviceError(
            f"{path}: in use elsewhere, a paging file that no other run has open expected"
        ) from error
    except OSError as error:
        raise PagingDeviceError(f"{path}: a file that can be locked expected: {cause(error)}") from error


def _require_ours(path: Path, file: int) -> None:
    """Raise the error unless *file* was made here: its header is ours and it is no longer than that allows."""
    try:
        status = os.fstat(file)
        header = os.pread(file, PAGE_SIZE, 0) if stat.S_ISREG(status.st_mode) else b""
    except OSError as error:
        raise PagingDeviceError(f"{path}: a paging file expected, which cannot be read: {cause(error)}") from error
    expected = "is not overwritten: a new file, or a paging file of an earlier run, expected"
    if len(header) < PAGE_SIZE or not header.startswith(_MAGIC):
        raise PagingDeviceError(f"{path}: {expected}, and this has no header of one")
    _, version, slots = _HEADER.unpack_from(header)
    if version != _VERSION:
        raise PagingDeviceError(f"{path}: {expected}, and this has version {version}, not {_VERSION}")
    if slots > SLOTS_MAXIMUM or header != _header(slots):
        raise PagingDeviceError(f"{path}: {expected}, and this has a damaged header")
    if status.st_size > slot_offset(slots):
        raise PagingDeviceError(f"{path}: {expected}, and this is longer than the {slots} slots of its header")


def _header(slots: int) -> bytes:
    fields = _HEADER.pack(_MAGIC, _VERSION, slots)
    return (fields + _CHECKSUM.pack(zlib.crc32(fields))).ljust(PAGE_SIZE, b"\0")


def _write_header(path: Path, file: int, slots: int) -> None:
    """Cut *file* to a header for *slots* slots."""
    try:
        os.ftruncate(file, PAGE_SIZE)
        written = os.pwrite(file, _header(slots), 0)
    except OSError as error:
        raise PagingDeviceError(f"{path}: the header of the paging file cannot be written: {cause(error)}") from error
    if written != PAGE_SIZE:
        raise PagingDeviceError(f"{path}: {written} bytes of the header written, {PAGE_SIZE} expected")
