# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk: its content, and transfers into pages that are not there."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import cached_page, discard


def test_a_transfer_into_a_discarded_page_is_a_channel_check(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    with pytest.raises(KernelBug, match="channel-program check"):
        kernel.disk.read(7, 0, page)
    with pytest.raises(KernelBug, match="channel-program check"):
        kernel.disk.write(7, 0, page)


def test_what_was_written_is_read(kernel: Kernel, file: AddressSpace) -> None:
    page = run(kernel, alloc_pages(kernel))
    kernel.machine.load_storage(page.address, b"new." * 1024)
    kernel.disk.write(7, 9, page)
    assert kernel.disk.content(7, 9) == b"new." * 1024
    assert (kernel.disk.writes, kernel.disk.reads) == (1, 0)


def test_no_two_pages_have_the_same_content() -> None:
    contents = {page_content(inode, index, version) for inode in range(20) for index in range(20) for version in (0, 1)}
    assert len(contents) == 800
