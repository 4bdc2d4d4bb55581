# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes of the scripted kernel in tests: where they map things, and how their pages are looked at."""

from __future__ import annotations

from typing import Final

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.memory_map import mm_create
from guest_kernel.scripted.process.user_access import user_load, user_store
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import MmStruct, Page

BASE: Final = 0x2000_0000
"""Where the tests map things."""


def process(kernel: Kernel) -> MmStruct:
    """A process in which nothing is mapped but its instructions."""
    return run(kernel, mm_create(kernel))


def entry(kernel: Kernel, mm: MmStruct, address: int) -> int:
    """The page-table entry for *address*, found in storage by the manual's rules; the page table must exist."""

    def fetch(at: int) -> int:
        return int.from_bytes(kernel.machine.read_storage(at, 8), "big")

    assert mm.table.asce & 0xFFF == 0x07, "region-third-table designation of full length"
    region = fetch((mm.table.asce & ~0xFFF) + 8 * (address >> 31))
    assert region & 0x2F == 0x07
    segment = fetch((region & ~0xFFF) + 8 * (address >> 20 & 0x7FF))
    assert not segment & 0x20
    return fetch((segment & ~0x7FF) + 8 * (address >> 12 & 0xFF))


def page_at(kernel: Kernel, mm: MmStruct, address: int) -> Page | None:
    """The page that is mapped at *address*, if any."""
    pte = entry(kernel, mm, address)
    return None if pte & 0x400 else kernel.mem_map[pte >> 12]


def load(kernel: Kernel, mm: MmStruct, address: int, cpu: int = 0) -> int:
    """What a load of the process gives."""
    return run(kernel, user_load(kernel, mm, address), cpu)


def store(kernel: Kernel, mm: MmStruct, address: int, value: int, cpu: int = 0) -> None:
    """Let the process store."""
    run(kernel, user_store(kernel, mm, address, value), cpu)


def check_file_page(
    kernel: Kernel, mm: MmStruct, address: int, inode: int, index: int, version: int = 0, cpu: int = 0
) -> None:
    """Let the process load what tells the page from all others, from both its ends."""
    content = page_content(inode, index, version)
    for offset in (0, 8, 16, 24, 4088):
        expected = int.from_bytes(content[offset : offset + 8], "big")
        found = load(kernel, mm, address + offset, cpu)
        assert found == expected, f"inode {inode}, page {index}, offset {offset:#x}: {found:#x}, not {expected:#x}"
