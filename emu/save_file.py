# SPDX-License-Identifier: GPL-2.0-or-later
"""The file that a saved state is kept in: a version, a checksum, and the state as compressed MessagePack."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from emu.input_files.reading import read_whole
from emu.whole_file import UnwritableError, put_whole

if TYPE_CHECKING:
    from pathlib import Path

    from emu.state import State

VERSION: Final = 1
"""Of the form of the file; what the state in it must look like, the declarations say."""
_MAGIC: Final = b"page-hinting save\n"
_VERSION_BYTES: Final = 4
_DIGEST_BYTES: Final = 32
_HEADER: Final = len(_MAGIC) + _VERSION_BYTES + _DIGEST_BYTES
_QUICK: Final = 1
"""The compression level: most of a guest's storage is easily made small."""


class SaveFileError(ValueError):
    """The file is not what was written, or cannot be read or written; the text names the file."""


def write_saved(path: Path, saved: State) -> None:
    """Put *saved* in the file *path*, all of it or nothing: a file that is there stays until the new one is whole.

    :raises SaveFileError: if the file cannot be written, or is none (:func:`emu.whole_file.place_of`).
    """
    body = zlib.compress(msgspec.msgpack.encode(saved), _QUICK)
    header = _MAGIC + VERSION.to_bytes(_VERSION_BYTES, "big") + hashlib.sha256(body).digest()
    try:
        put_whole(path, header + body)
    except UnwritableError as reason:
        raise SaveFileError(str(reason)) from None


def read_saved(path: Path) -> State:
    """The state in the file *path*.

    :raises SaveFileError: if it cannot be read, is no such file, of another version, or not as it was written.
    """
    try:
        content = read_whole(path)
    except OSError as reason:
        raise SaveFileError(f"{path}: cannot be read: {reason.strerror}") from None
    if not content.startswith(_MAGIC) or len(content) < _HEADER:
        raise SaveFileError(f"{path}: expected a saved machine, which begins with {_MAGIC.decode().strip()!r}")
    version = int.from_bytes(content[len(_MAGIC) : len(_MAGIC) + _VERSION_BYTES], "big")
    if version != VERSION:
        raise SaveFileError(f"{path}: expected a saved machine of version {VERSION}, not {version}")
    digest, body = content[_HEADER - _DIGEST_BYTES : _HEADER], content[_HEADER:]
    if hashlib.sha256(body).digest() != digest:
        raise SaveFileError(f"{path}: damaged: its content does not fit its checksum")
    saved: State = msgspec.msgpack.decode(zlib.decompress(body))
    return saved
