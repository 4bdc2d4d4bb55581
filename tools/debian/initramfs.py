# SPDX-License-Identifier: GPL-2.0-or-later
"""The first file system of a Linux guest: busybox, an /init script, and whatever files the user adds."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from tools.debian import cpio

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECK_WORD: Final = "essa.check"
"""On the kernel's command line: check all files, and power off."""
PASSED: Final = "essa: all files are as they were made"
"""What is printed then."""
_SUMS: Final = "etc/sha256sums"
_MADE: Final = frozenset({_SUMS, "bin/sh", "dev/console"})
_MODULES: Final = "lib/modules"
_DIRECTORIES: Final = ("bin", "dev", "etc", "mnt", "proc", "root", "sys", "tmp")
_LOAD_MODULES: Final = f"""\
for module in /{_MODULES}/*.ko
do
    test -f $module || continue
    insmod $module
    # The kernel frees what initialised a module a little later; the next one lies where it would whatever that takes.
    usleep 100000
done
"""
_INIT: Final = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root PS1='# '
cd /
{_LOAD_MODULES}\
test -b /dev/vda && mount -o ro /dev/vda /mnt && echo 'The first disk is mounted on /mnt.'
if grep -q '\\b{CHECK_WORD}\\b' /proc/cmdline
then
    echo "CPUs: $(nproc)"
    sha256sum -c -s /{_SUMS} && echo '{PASSED}' || echo 'essa: FILES HAVE CHANGED'
else
    echo 'Linux is up; "exit" powers the machine off.'
    cd /root
    terminal=/dev/console
    for found in /dev/sclp_line0 /dev/ttysclp0
    do
        test -c $found && terminal=$found
    done
    setsid -c sh <$terminal >$terminal 2>&1
fi
sync
# What has been written to the console takes a moment.
sleep 1
poweroff -f
"""
_BEFORE_WORK: Final = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin
{_LOAD_MODULES}\
"""
_SYMBOL_READER: Final = """\
echo 0 >/proc/sys/kernel/kptr_restrict
cat /proc/kallsyms >/dev/vda
sync
"""
_AFTER_WORK: Final = "poweroff -f\n"


def build_initramfs(
    busybox: bytes, added: Mapping[str, bytes] | None = None, modules: Mapping[str, bytes] | None = None
) -> bytes:
    """The archive with *busybox*, a static one for s390x, and the files *added*, by their paths from the root on.

    :param modules: kernel modules by name, which /init loads in this order.
    /init gives a shell on the console, or does what a word on the command line (:data:`CHECK_WORD`) says.

    :raises ValueError: if a path cannot be in it, or is taken.
    """
    files = {"bin/busybox": (busybox, 0o755), "init": (_INIT.encode(), 0o755)}
    for number, (name, content) in enumerate((modules or {}).items()):
        files[f"{_MODULES}/{number:02}-{name}.ko"] = (content, 0o644)
    for name, content in (added or {}).items():
        path = name.lstrip("/")
        parents = {str(parent) for parent in PurePosixPath(path).parents}
        is_plain = path.isprintable() and str(PurePosixPath(path)) == path and ".." not in PurePosixPath(path).parts
        is_taken = path in {*files, *_DIRECTORIES, ".", *_MADE} or any(
            path in map(str, PurePosixPath(each).parents) for each in files
        )
        if not is_plain or is_taken or parents & {*files, *_MADE}:
            raise ValueError(f"expected a path in the guest that is free, not {name!r}")
        files[path] = (content, 0o755 if content.startswith((b"\x7fELF", b"#!")) else 0o644)
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  /{path}\n" for path, (content, _) in sorted(files.items()))
    parents = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}
    entries = [cpio.directory(path) for path in sorted({*_DIRECTORIES, *parents})]
    entries += [cpio.character_device("dev/console", 5, 1), cpio.link("bin/sh", "busybox")]
    entries += [cpio.file(path, content, mode) for path, (content, mode) in sorted(files.items())]
    return cpio.archive([*entries, cpio.file(_SUMS, sums.encode())])


def with_symbol_reader(ramdisk: bytes) -> bytes:
    """The archive *ramdisk* with another /init: it loads the same modules, and writes all symbols to a disk."""
    return with_work(ramdisk, _SYMBOL_READER)


def with_work(ramdisk: bytes, work: str, programs: Mapping[str, bytes] | None = None) -> bytes:
    """The archive *ramdisk* with another /init: it loads the same modules, does the *work*, and powers off.

    :param work: lines for busybox's shell, in the root directory.
    :param programs: executable files by name, which lie there.
    """
    # Linux unpacks one archive after the other; of files with the same name the last one stays.
    init = f"{_BEFORE_WORK}{work}{_AFTER_WORK}".encode()
    files = {"init": init, **(programs or {})}
    return ramdisk + cpio.archive([cpio.file(name, content, 0o755) for name, content in files.items()])
