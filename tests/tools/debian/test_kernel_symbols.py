# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbols that a kernel tells of itself are those that it has whenever it runs."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from emu.machine import Machine
from tools.debian import kernel_symbols
from tools.debian.kernel_symbols import NotedDisk, read_kernel_symbols
from tools.debian.releases import debian_files
from tools.machines.images import find_image
from tools.machines.options import MachineOptions, SymbolOptions
from tools.machines.symbols import load_symbols
from tools.usage.errors import UsageError

LOOK = """\
[[step]]
expect = "# "
send = "echo 0 >/proc/sys/kernel/kptr_restrict; sha256sum /proc/kallsyms; dmesg | grep -c KASLR; exit\\n"
"""


@pytest.mark.timeout(900)
def test_another_boot_has_the_same(with_symbols: Path, tmp_path: Path) -> None:
    """With other memory and more CPUs: neither kernel nor modules have moved."""
    files = debian_files("bookworm")
    assert find_image("debian").symbols == files.symbols
    table = load_symbols(MachineOptions(image=find_image("debian")), SymbolOptions())
    assert len(table) > 30_000
    assert table.address("do_exception") > 0x100000
    assert table.find("ext4_fill_super")[0].module == "ext4"
    (tmp_path / "look.toml").write_text(LOOK)
    command = [sys.executable, "-m", "tools.command.start", "run", "debian", "--cmdline", "console=ttyS0 loglevel=3"]
    options = ["--memory", "1G", "--cpus", "2", "--input", str(tmp_path / "look.toml")]
    output = subprocess.run([*command, *options], capture_output=True, text=True, check=True).stdout
    assert hashlib.sha256(files.symbols.read_bytes()).hexdigest() in output


def test_a_disk_keeps_what_is_written_to_it() -> None:
    disk = NotedDisk()
    disk.write(512, b"b")
    disk.write(0, b"a" * 512)
    assert disk.read(511, 2) == b"ab"
    assert disk.text == b"a" * 512 + b"b"


def test_a_kernel_that_tells_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(machine: Machine) -> None:
        assert machine.sclp.console is not None
        machine.sclp.console.write(b"first\nKernel panic\n")

    monkeypatch.setattr(kernel_symbols, "_run", run)
    kernel = bytearray(0x20000)
    kernel[0x10008:0x1000E] = b"S390EP"
    with pytest.raises(UsageError, match=r"fetch: the kernel has not told its symbols: .*; it said 'Kernel panic'"):
        read_kernel_symbols(bytes(kernel), b"")
