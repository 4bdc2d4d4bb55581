# SPDX-License-Identifier: GPL-2.0-or-later
"""Writeback: a page is stable until the disk has it, and no later."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.mm.page_writeback import end_page_writeback, write_cache_pages
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import cached_page, state
from tests.support.written_files import written_page


def test_a_dirty_page_is_stable_until_it_is_written_back(kernel: Kernel, file: AddressSpace) -> None:
    page = written_page(kernel, file, 3, 1)
    assert page.flags & flags.DIRTY
    assert state(kernel, page) == "Sr"
    assert run(kernel, write_cache_pages(kernel, file)) == 1
    assert not page.flags & (flags.DIRTY | flags.WRITEBACK)
    assert state(kernel, page) == "Vr"
    assert kernel.disk.content(file.inode, 3) == page_content(file.inode, 3, 1)


def test_a_page_under_writeback_is_stable(kernel: Kernel, file: AddressSpace) -> None:
    page = written_page(kernel, file, 3, 1)
    writing = Running(kernel, write_cache_pages(kernel, file))
    writing.until(lambda operation: operation == Place("writeback: under I/O"))
    assert page.flags & flags.WRITEBACK
    assert state(kernel, page) == "Sr"
    writing.finish()
    assert state(kernel, page) == "Vr"


def test_ending_what_has_not_begun_is_a_bug(kernel: Kernel, file: AddressSpace) -> None:
    with pytest.raises(KernelBug, match="not under writeback"):
        run(kernel, end_page_writeback(kernel, cached_page(kernel, file, 0)))
