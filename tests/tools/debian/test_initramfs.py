# SPDX-License-Identifier: GPL-2.0-or-later
"""The first file system of a Linux guest."""

from __future__ import annotations

import hashlib

import pytest

from tests.tools.debian.test_cpio import unpack
from tools.debian.initramfs import CHECK_WORD, PASSED, build_initramfs, with_symbol_reader, with_work

BUSYBOX = b"\x7fELF and more"


def test_it_has_what_a_kernel_and_its_init_need() -> None:
    entries = {each.name: each for each in unpack(build_initramfs(BUSYBOX))}
    assert entries["bin/busybox"].content == BUSYBOX
    assert entries["bin/busybox"].fields[1] == 0o100755
    assert entries["init"].fields[1] == 0o100755
    assert entries["init"].content.startswith(b"#!/bin/busybox sh\n")
    assert CHECK_WORD.encode() in entries["init"].content
    assert PASSED.encode() in entries["init"].content
    assert entries["dev/console"].fields[9:11] == (5, 1)
    for directory in ("proc", "sys", "dev", "tmp"):
        assert entries[directory].fields[1] == 0o040755


def test_files_may_be_added_and_are_checked() -> None:
    entries = {
        each.name: each for each in unpack(build_initramfs(BUSYBOX, {"/opt/data/a": b"data", "root/run": b"#!x"}))
    }
    assert entries["opt/data/a"].content == b"data"
    assert (entries["opt/data/a"].fields[1], entries["root/run"].fields[1]) == (0o100644, 0o100755)
    # A directory comes before what is in it.
    assert list(entries).index("opt") < list(entries).index("opt/data") < list(entries).index("opt/data/a")
    sums = entries["etc/sha256sums"].content.decode().splitlines()
    assert f"{hashlib.sha256(b'data').hexdigest()}  /opt/data/a" in sums
    assert f"{hashlib.sha256(BUSYBOX).hexdigest()}  /bin/busybox" in sums
    assert len(sums) == 4


def test_the_same_files_give_the_same_bytes() -> None:
    assert build_initramfs(BUSYBOX, {"a": b"1", "b": b"2"}) == build_initramfs(BUSYBOX, {"b": b"2", "a": b"1"})


@pytest.mark.parametrize(
    "path",
    (
        "/",
        "init",
        "./init",
        "/bin/busybox",
        "bin/busybox/x",
        "bin//x",
        "bin/sh",
        "../x",
        "a/../b",
        "etc",
        "etc/sha256sums",
        "dev/console",
        "a\nb",
    ),
)
def test_paths_that_cannot_be(path: str) -> None:
    with pytest.raises(ValueError, match="a path in the guest that is free"):
        build_initramfs(BUSYBOX, {path: b""})


@pytest.mark.parametrize("paths", (("a", "a/b"), ("a/b", "a")))
def test_a_file_is_no_directory(paths: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="a path in the guest that is free"):
        build_initramfs(BUSYBOX, dict.fromkeys(paths, b""))


def test_modules_are_loaded_in_the_order_given() -> None:
    modules = {"virtio_blk": b"one", "crc16": b"two", "ext4": b"three"}
    entries = {each.name: each.content for each in unpack(build_initramfs(BUSYBOX, modules=modules))}
    names = [name for name in entries if name.startswith("lib/modules/")]
    assert names == ["lib/modules/00-virtio_blk.ko", "lib/modules/01-crc16.ko", "lib/modules/02-ext4.ko"]
    assert [entries[name] for name in names] == [b"one", b"two", b"three"]
    assert b"for module in /lib/modules/*.ko" in entries["init"]


def test_work_takes_the_place_of_what_init_does() -> None:
    ramdisk = build_initramfs(BUSYBOX)
    changed = with_work(ramdisk, "echo working\n", {"worker": b"\x7fELF"})
    assert changed.startswith(ramdisk)
    # The kernel unpacks one archive after the other.
    entries = {each.name: each for each in unpack(changed[len(ramdisk) :])}
    lines = entries["init"].content.decode().splitlines()
    assert (lines[0], lines[-2:]) == ("#!/bin/busybox sh", ["echo working", "poweroff -f"])
    assert any("insmod" in line for line in lines)
    assert (entries["worker"].content, entries["worker"].fields[1]) == (b"\x7fELF", 0o100755)


def test_the_symbol_reader_writes_them_to_the_disk() -> None:
    ramdisk = build_initramfs(BUSYBOX)
    (init,) = (each for each in unpack(with_symbol_reader(ramdisk)[len(ramdisk) :]) if each.name == "init")
    lines = init.content.decode().splitlines()
    assert lines.index("cat /proc/kallsyms >/dev/vda") < lines.index("sync") < lines.index("poweroff -f")
