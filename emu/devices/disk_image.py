# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk whose content is a file."""

from __future__ import annotations

import hashlib
import os
import weakref
from typing import TYPE_CHECKING

from emu.devices.virtio_block import SECTOR
from emu.state import Section, constant

if TYPE_CHECKING:
    from pathlib import Path


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
        },
    )

    def __init__(self, path: Path, *, is_writable: bool = False) -> None:
        """Open it.

        :raises OSError: if that fails.
        :raises ValueError: if its size is no disk's.
        """
        self.path = path
        self.is_writable = is_writable
        self.is_changed = False
        """Whether something was written into it."""
        self._file = os.open(path, os.O_RDWR if is_writable else os.O_RDONLY)
        self._digest: str | None = None
        weakref.finalize(self, os.close, self._file)
        self.size = os.lseek(self._file, 0, os.SEEK_END)
        if not self.size or self.size % SECTOR:
            raise ValueError(f"expected a multiple of {SECTOR} bytes, not {self.size}")

    def digest(self) -> str:
        """The SHA-256 sum of the content, in hexadecimal."""
        if self._digest is None:
            with os.fdopen(os.dup(self._file), "rb") as file:
                file.seek(0)
                self._digest = hashlib.file_digest(file, "sha256").hexdigest()
        return self._digest

    def read(self, offset: int, length: int) -> bytes:
        """See :meth:`emu.devices.virtio_block.Image.read`."""
        data = os.pread(self._file, length, offset)
        if len(data) != length:
            raise OSError("the image has become shorter")
        return data

    def write(self, offset: int, data: bytes) -> None:
        """See :meth:`emu.devices.virtio_block.Image.write`."""
        self._digest = None
        self.is_changed = True
        if os.pwrite(self._file, data, offset) != len(data):
            raise OSError("the image took only a part")

    def flush(self) -> None:
        """See :meth:`emu.devices.virtio_block.Image.flush`."""
        os.fsync(self._file)
