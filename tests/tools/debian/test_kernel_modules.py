# SPDX-License-Identifier: GPL-2.0-or-later
"""Modules out of a kernel's package: found, unpacked, and in an order in which they can be loaded."""

from __future__ import annotations

import lzma
import struct
from pathlib import Path

import pytest

from tools.debian.kernel_modules import select_modules
from tools.usage.errors import UsageError

NAMES = b"\0.modinfo\0.shstrtab\0"


def module(depends: str) -> bytes:
    """A relocatable ELF file for s390x with what a module says of itself."""
    information = b"license=GPL\0depends=" + depends.encode() + b"\0name=x\0"
    header = struct.pack(
        ">16sHHIQQQIHHHHHH",
        *(b"\x7fELF\2\2\1".ljust(16, b"\0"), 1, 22, 1, 0, 0, 64 + len(information) + len(NAMES), 0),
        *(64, 0, 0, 64, 3, 2),
    )

    def section(name: int, kind: int, offset: int, size: int) -> bytes:
        return struct.pack(">IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 1, 0)

    table = bytes(64) + section(1, 1, 64, len(information)) + section(10, 3, 64 + len(information), len(NAMES))
    return header + information + NAMES + table


def put(root: Path, name: str, content: bytes) -> None:
    path = root / "lib" / "modules" / "6" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_each_module_comes_after_those_it_depends_on(tmp_path: Path) -> None:
    put(tmp_path, "ext4.ko", module("mbcache,jbd2,crc-16"))
    put(tmp_path, "jbd2.ko", module("crc-16"))
    put(tmp_path, "crc-16.ko", module(""))
    put(tmp_path, "mbcache.ko", module(""))
    put(tmp_path, "other.ko", module(""))
    found = select_modules(tmp_path, ("ext4", "not_there"))
    assert list(found) == ["mbcache", "crc_16", "jbd2", "ext4"]
    assert found["ext4"] == module("mbcache,jbd2,crc-16")


def test_compressed_modules_are_unpacked(tmp_path: Path) -> None:
    put(tmp_path, "squashfs.ko.xz", lzma.compress(module("")))
    assert select_modules(tmp_path) == {"squashfs": module("")}


def test_a_module_that_depends_on_itself_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.ko", module("a"))
    with pytest.raises(UsageError, match=r"a\.ko: depends on itself"):
        select_modules(tmp_path, ("a",))


@pytest.mark.parametrize(
    ("name", "content"),
    (("ext4.ko", b"text"), ("ext4.ko", b""), ("ext4.ko.xz", b"text"), ("ext4.ko.xz", lzma.compress(b""))),
)
def test_what_is_no_module_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    put(tmp_path, name, content)
    with pytest.raises(UsageError, match=name):
        select_modules(tmp_path)
