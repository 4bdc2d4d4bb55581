# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa fetch debian``: Debian's kernel for s390x and a first file system for it, by the system's own package tool.

Nothing of the system is touched: the tool works in a directory of its own, for another architecture, and checks the
archive's signatures.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.input_files.reading import read_whole
from tools.debian.initramfs import build_initramfs
from tools.debian.kernel_modules import select_modules
from tools.debian.releases import RELEASES, places
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.debian.releases import DebianFiles

MIRROR: Final = "http://deb.debian.org/debian"
_KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_KERNEL: Final = "linux-image-s390x"
_DEPENDS: Final = re.compile(r"^Depends:.*?(linux-image-[0-9][^ ,]*)", re.MULTILINE)
_SECONDS: Final = 600
"""How long one call of the tool may take."""


def fetch_debian(release: str, added: Iterable[str] = (), mirror: str = MIRROR) -> DebianFiles:
    """Download the kernel and busybox of *release*, make a RAM disk, and keep both in the user's cache directory.

    :param added: files for the RAM disk, ``HOST:GUEST`` each.
    :raises UsageError: naming what is wrong: the tool is missing, nothing answers, a signature does not fit.
    """
    if release not in RELEASES:
        raise UsageError(f"--release: expected {' or '.join(RELEASES)}, not {release!r}")
    extra = _read_added(added)
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise UsageError(f"fetch: expected the program {tool}, which Debian and its relatives have")
    if not _KEYRING.is_file():
        raise UsageError(f"fetch: expected {_KEYRING}, by which the archive's signatures are checked")
    with tempfile.TemporaryDirectory(prefix="essa-fetch-") as directory:
        apt = _Apt(Path(directory), release, mirror)
        packages = apt.download()
        kernel, busybox, modules = _unpack(Path(directory))
    try:
        ramdisk = build_initramfs(busybox, extra, modules)
    except ValueError as reason:
        raise UsageError(f"--add: {reason}") from None
    files = places(release)
    record = {"release": release, "mirror": mirror, "packages": packages, "added": sorted(extra)}
    record |= {"modules": list(modules)}
    record |= {"sha256": {"vmlinuz": _sum(kernel), "initrd": _sum(ramdisk)}}
    try:
        files.kernel.parent.mkdir(parents=True, exist_ok=True)
        files.kernel.write_bytes(kernel)
        files.ramdisk.write_bytes(ramdisk)
        files.record.write_text(json.dumps(record, indent=2) + "\n")
        files.symbols.unlink(missing_ok=True)
    except OSError as reason:
        raise UsageError(f"{files.kernel.parent}: cannot be written: {reason.strerror}") from None
    return files


def keep_symbols(files: DebianFiles) -> None:
    """Boot what was fetched, and keep the symbols that the kernel tells beside it.

    :raises UsageError: if it does not tell them, or they cannot be written.
    """
    from tools.debian.kernel_symbols import read_kernel_symbols

    symbols = read_kernel_symbols(files.kernel.read_bytes(), files.ramdisk.read_bytes())
    try:
        files.symbols.write_bytes(symbols)
    except OSError as reason:
        raise UsageError(f"{files.symbols}: cannot be written: {reason.strerror}") from None


def _read_added(added: Iterable[str]) -> dict[str, bytes]:
    contents = {}
    for text in added:
        host, colon, guest = text.partition(":")
        if not (host and colon and guest):
            raise UsageError(f"--add: expected HOST:GUEST, two paths, not {text!r}")
        try:
            contents[guest] = read_whole(Path(host))
        except OSError as reason:
            raise UsageError(f"--add: {host}: cannot be read: {reason.strerror}") from None
    return contents


class _Apt:
    """The package tool, working in *directory* for s390x."""

    def __init__(self, directory: Path, release: str, mirror: str) -> None:
        self._directory = directory
        for name in ("lists/partial", "cache/archives/partial", "packages"):
            (directory / name).mkdir(parents=True)
        (directory / "status").touch()
        source = f"deb [arch=s390x signed-by={_KEYRING}] {mirror} {release} main\n"
        (directory / "sources.list").write_text(source)
        settings = {
            "APT::Architecture": "s390x",
            "APT::Architectures": "s390x",
            "APT::Sandbox::User": "",
            "APT::Get::AllowUnauthenticated": "false",
            "Acquire::AllowInsecureRepositories": "false",
            "Acquire::Languages": "none",
            "Dir::Cache": directory / "cache",
            "Dir::Etc::SourceList": directory / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State": directory,
            "Dir::State::Lists": directory / "lists",
            "Dir::State::status": directory / "status",
        }
        self._options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def download(self) -> dict[str, str]:
        """Download what is needed; give the packages' names and versions."""
        # Without the option a failure to reach the archive is only a warning.
        self._call("apt-get", "update", "-o", "APT::Update::Error-Mode=any")
        found = _DEPENDS.search(self._call("apt-cache", "show", _KERNEL))
        if found is None:
            raise UsageError(f"fetch: {_KERNEL} names no kernel")
        packages = (found[1], "busybox-static")
        self._call("apt-get", "download", *packages)
        versions = {}
        for package in packages:
            shown = re.search(r"^Version: (.*)$", self._call("apt-cache", "show", package), re.MULTILINE)
            versions[package] = shown[1] if shown is not None else ""
        return versions

    def _call(self, program: str, *words: str) -> str:
        command = [program, *self._options, *words]
        try:
            done = subprocess.run(
                command,
                cwd=self._directory / "packages",
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except OSError as reason:
            raise UsageError(f"fetch: {program} cannot be run: {reason.strerror}") from None
        except subprocess.TimeoutExpired:
            raise UsageError(f"fetch: {program} {words[0]} has not ended after {_SECONDS} seconds") from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("E: ")] or ["no reason given"]
            raise UsageError(f"fetch: {program} {words[0]}: {lines[0].removeprefix('E: ')}")
        return done.stdout


def _unpack(directory: Path) -> tuple[bytes, bytes, dict[str, bytes]]:
    """The kernel, busybox and the modules for disks out of the packages in *directory*."""
    for package in sorted((directory / "packages").glob("*.deb")):
        done = subprocess.run(
            ["dpkg-deb", "-x", package, directory / "root"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise UsageError(f"fetch: {package.name} cannot be unpacked: {done.stderr.strip()}")
    kernels = sorted((directory / "root" / "boot").glob("vmlinuz-*"))
    busybox = next((path for path in _busybox_places(directory / "root") if path.is_file()), None)
    if not kernels or busybox is None:
        raise UsageError("fetch: the packages do not have the files that were expected: /boot/vmlinuz-*, busybox")
    return kernels[-1].read_bytes(), busybox.read_bytes(), select_modules(directory / "root")


def _busybox_places(root: Path) -> tuple[Path, ...]:
    return (root / "bin" / "busybox", root / "usr" / "bin" / "busybox")


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
