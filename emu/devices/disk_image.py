# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk whose content is a file."""

from __future__ import annotations

import errno
import hashlib
import os
import weakref
from typing import TYPE_CHECKING, Final, Protocol

from emu.devices.virtio_block import SECTOR
from emu.state import Section, constant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_AT_ONCE: Final = 1 << 20
"""Bytes of which the digest is made at a time."""


class Journal(Protocol):
    """Who keeps what was written."""

    def note(self, offset: int, data: bytes) -> None:
        """*data* are about to be written at *offset*.

        :raises OSError: if what is there cannot be read.
        """


class DiskImage:
    """The image in a file; read-only unless told otherwise.

    What is in the file stays there: to be restored, it must be what it was.
    """

    STATE = Section(
        "disk image",
        constant("size"),
        constant("is_writable"),
        constant("content", "digest", of=("_digest",)),
        excluded={
            "_file": "open in this process",
            "path": "where the file is in this process",
            "is_changed": "of this process",
            "journal": "looks on",
            "_laid_over": "in place of the file, whose content is a field",
            "_original": "of this process",
            "_most": "of this process",
        },
    )

    def __init__(self, path: Path, *, is_writable: bool = False) -> None:
        """Open it.

        :raises OSError: if that fails, or it is a directory.
        :raises ValueError: if its size is no disk's.
        """
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        self.path = path
        self.is_writable = is_writable
        self.is_changed = False
        """Whether something was written into it."""
        self.journal: Journal | None = None
        """Told of what is written, if somebody keeps that."""
        self._laid_over: dict[int, bytes] | None = None
        """Sectors, by offset, that are in place of those of the file."""
        self._original: dict[int, bytes] | None = None
        self._most = 0
        self._file = os.open(path, os.O_RDWR if is_writable else os.O_RDONLY)
        self._digest: str | None = None
        weakref.finalize(self, os.close, self._file)
        self.size = os.lseek(self._file, 0, os.SEEK_END)
        if not self.size or self.size % SECTOR:
            raise ValueError(f"expected a multiple of {SECTOR} bytes, not {self.size}")

    def digest(self) -> str:
        """The SHA-256 sum of the content, in hexadecimal."""
        if self._digest is None:
            made = hashlib.sha256()
            for offset in range(0, self.size, _AT_ONCE):
                made.update(self._read(offset, min(_AT_ONCE, self.size - offset)))
            self._digest = made.hexdigest()
        return self._digest

    @property
    def original(self) -> Mapping[int, bytes] | None:
        """The sectors that were written, by offset, as they were before; None if that is not kept."""
        return self._original

    def keep_original(self, most: int) -> None:
        """From now on keep what is in the sectors that are written, unless that is more than *most* bytes."""
        self._original, self._most = {}, most

    def lay_over(self, sectors: Mapping[int, bytes]) -> None:
        """Hold *sectors*, by offset, in place of those of the file, which is not changed any more."""
        self._laid_over = dict(sectors)
        self._digest = None

    def read(self, offset: int, length: int) -> bytes:
        """See :meth:`emu.devices.virtio_block.Image.read`."""
        data = self._read(offset, length)
        if len(data) != length:
            raise OSError("the image has become shorter")
        return data

    def write(self, offset: int, data: bytes) -> None:
        """See :meth:`emu.devices.virtio_block.Image.write`."""
        if self.journal is not None:
            self.journal.note(offset, data)
        self.put(offset, data)

    def put(self, offset: int, data: bytes) -> None:
        """Write *data* at *offset*, and tell nobody.

        :raises OSError: if that fails.
        """
        self._digest = None
        self.is_changed = True
        if self._original is not None:
            self._keep(self._original, offset, len(data))
        if self._laid_over is not None:
            self._laid_over.update(
                (offset + start, data[start : start + SECTOR]) for start in range(0, len(data), SECTOR)
            )
        elif os.pwrite(self._file, data, offset) != len(data):
            raise OSError("the image took only a part")

    def _keep(self, original: dict[int, bytes], offset: int, length: int) -> None:
        new = [start for start in range(offset, offset + length, SECTOR) if start not in original]
        if (len(original) + len(new)) * SECTOR > self._most:
            self._original = None
        else:
            original.update((start, self.read(start, SECTOR)) for start in new)

    def _read(self, offset: int, length: int) -> bytes:
        """Up to *length* bytes at *offset*, fewer if the file has become shorter."""
        data = os.pread(self._file, length, offset)
        if not self._laid_over:
            return data
        sectors = bytearray(data)
        for start in range(0, len(data), SECTOR):
            laid = self._laid_over.get(offset + start)
            if laid is not None:
                sectors[start : start + SECTOR] = laid
        return bytes(sectors)

    def flush(self) -> None:
        """See :meth:`emu.devices.virtio_block.Image.flush`."""
        os.fsync(self._file)
