# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that people name, read whole."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_MOST_OF_A_DEVICE: Final = 1 << 20
"""Bytes; some devices, such as that of zeros, have no end."""


def read_whole(path: Path) -> bytes:
    """What is in the file *path*.

    :raises OSError: if it cannot be read, or is a device that gives no end of bytes.
    """
    with path.open("rb") as file:
        if not stat.S_ISCHR(path.stat().st_mode):
            return file.read()
        content = file.read(_MOST_OF_A_DEVICE + 1)
    if len(content) > _MOST_OF_A_DEVICE:
        raise OSError(errno.EFBIG, "expected a file, not a device without an end")
    return content
