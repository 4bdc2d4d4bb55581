# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of the kernel's own that files are read into."""

from __future__ import annotations

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import Page


def buffer(kernel: Kernel) -> Page:
    """A page of the kernel's own."""
    return run(kernel, alloc_pages(kernel))
