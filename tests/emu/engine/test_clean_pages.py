# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of mapped files leave memory if they are as the file has them, and only then."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from emu.engine.clean_pages import release_clean_pages
from tests.support.command import ROOT

_PAGES = 8
_READ_ONLY = mmap.PROT_READ
_LIBRARY = """
from pathlib import Path
from emu.machine import Machine

machine = Machine(1 << 20)
lines = Path("/proc/self/smaps").read_text().splitlines()
heads = [number for number, line in enumerate(lines) if "libllvmlite" in line]
print(sum(int(line.split()[1]) for head in heads for line in lines[head : head + 4] if line.startswith("Rss:")))
"""


def resident_kilobytes(address: int) -> int:
    """What of the mapping at *address* is in memory (proc(5), smaps)."""
    rest = Path("/proc/self/smaps").read_text().partition(f"{address:x}-")[2]
    return int(next(line for line in rest.splitlines() if line.startswith("Rss:")).split()[1])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mapped"
    path.write_bytes(b"".join(bytes([page]) * mmap.PAGESIZE for page in range(1, _PAGES + 1)))
    return path


def address_of(mapping: mmap.mmap) -> int:
    buffer = (ctypes.c_char * len(mapping)).from_buffer(mapping)
    return ctypes.addressof(buffer)


def private_mapping(path: Path) -> tuple[mmap.mmap, int]:
    """A private mapping of the file that can be written so far, of which every page has been looked at."""
    with path.open("rb") as opened:
        mapping = mmap.mmap(opened.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    assert sum(mapping[:: mmap.PAGESIZE])
    return mapping, address_of(mapping)


def make_read_only(address: int) -> None:
    length = ctypes.c_size_t(_PAGES * mmap.PAGESIZE)
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), length, _READ_ONLY) == 0


def test_what_is_as_in_the_file_leaves_memory_and_is_found_again(file: Path) -> None:
    mapping, address = private_mapping(file)
    make_read_only(address)
    assert resident_kilobytes(address) > 0
    release_clean_pages()
    assert resident_kilobytes(address) == 0
    assert mapping[:] == file.read_bytes()


def test_what_was_changed_stays(file: Path) -> None:
    mapping, address = private_mapping(file)
    mapping[0] = 99
    make_read_only(address)
    release_clean_pages()
    assert mapping[0] == 99
    assert resident_kilobytes(address) > 0


def test_what_may_be_written_stays(file: Path) -> None:
    _, address = private_mapping(file)
    release_clean_pages()
    assert resident_kilobytes(address) > 0


def test_where_the_system_tells_nothing_all_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, address = private_mapping(file)
    make_read_only(address)
    with monkeypatch.context() as context:
        context.setattr("emu.engine.clean_pages._SMAPS", Path("/nowhere"))
        release_clean_pages()
    assert resident_kilobytes(address) > 0


def test_the_compiler_is_not_in_the_memory_of_a_machine() -> None:
    command = [sys.executable, "-c", _LIBRARY]
    kilobytes = int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert kilobytes < 8 << 10
