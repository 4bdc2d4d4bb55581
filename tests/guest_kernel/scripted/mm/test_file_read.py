# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading files: through the page cache, every byte checked."""

from __future__ import annotations

import pytest

from emu.machine import MEGABYTE, Machine
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.file_read import ReadError, read_cache_page, read_page
from guest_kernel.scripted.state.block_device import page_content
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.guest_kernel.scripted.conftest import cached_page, discard, state
from tests.support.buffers import buffer


def test_reading_again_costs_two_essa_and_no_io(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 3)
    target = buffer(kernel)
    essa, reads = kernel.machine.counts.instructions["ESSA"], kernel.disk.reads
    run(kernel, read_page(kernel, file, 3, target))
    assert kernel.machine.counts.instructions["ESSA"] - essa == 2
    assert kernel.disk.reads == reads
    assert state(kernel, page) == "Vr"


def test_a_discarded_page_is_read_again_into_another_frame(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 0)
    discard(kernel, page)
    reads = kernel.disk.reads
    run(kernel, read_page(kernel, file, 0, buffer(kernel)))
    assert file.pages[0] is not page
    assert kernel.disk.reads == reads + 1


def test_reading_past_the_end_is_an_error(kernel: Kernel, file: AddressSpace) -> None:
    for index in (-1, 64):
        with pytest.raises(ReadError, match=f"inode 7 has 64 pages, and no page {index}"):
            run(kernel, read_cache_page(kernel, file, index))


def test_a_wrong_byte_is_found(kernel: Kernel, file: AddressSpace) -> None:
    page = cached_page(kernel, file, 5)
    content = bytearray(page_content(7, 5))
    content[0x123] ^= 1
    kernel.machine.load_storage(page.address, bytes(content))
    with pytest.raises(KernelBug, match="wrong content: inode 7, page 5, byte 0x123"):
        run(kernel, read_page(kernel, file, 5, buffer(kernel)))


# Under a host


@pytest.mark.parametrize(("frames", "cpus"), ((80, 1), (200, 2)))
def test_every_byte_is_right_under_pressure(frames: int, cpus: int) -> None:
    with PagingDevice(None, 1024) as device:
        manager = PageManager(frames, device=device)
        machine = Machine(2 * MEGABYTE, cpus=cpus, hypervisor=manager.guest())
        kernel = Kernel(machine)
        run(kernel, mem_init(kernel))
        file = AddressSpace(3, 400)
        target = buffer(kernel)
        for _ in range(3):
            for index in range(file.size):
                run(kernel, read_page(kernel, file, index, target), cpu=index % cpus)
        assert kernel.discarded > 0
        assert manager.guests[0].statistics.discards_volatile > 0
        assert kernel.disk.reads > 2 * file.size
