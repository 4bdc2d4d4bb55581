# SPDX-License-Identifier: GPL-2.0-or-later
"""The architecture's part of guest page hinting: the primitives on ESSA (patch 6, reference 4.2.1).

Nothing else in the kernel executes ESSA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.page_states import CONTENT_MASK, DISCARDED, USAGE_MASK, OperationRequest
from guest_kernel.scripted.cpu.instructions import Essa
from guest_kernel.scripted.state.page_flags import RESERVED, STATE_CHANGE

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page


def page_host_discards(kernel: Kernel) -> bool:
    """Whether the host discards pages at all: cmma_flag."""
    return kernel.cmma_flag


def page_set_unused(kernel: Kernel, page: Page, order: int) -> Script[None]:
    """Declare the content of the 2**order pages from *page* on worthless: one ESSA each."""
    return _set(kernel, page, order, OperationRequest.SET_UNUSED)


def page_set_stable(kernel: Kernel, page: Page, order: int) -> Script[None]:
    """Declare the content of the 2**order pages from *page* on essential, whatever they were."""
    return _set(kernel, page, order, OperationRequest.SET_STABLE)


def _set(kernel: Kernel, page: Page, order: int, request: OperationRequest) -> Script[None]:
    if kernel.cmma_flag:
        for frame in range(page.frame, page.frame + (1 << order)):
            yield Essa(request, frame << 12)


def page_set_volatile(kernel: Kernel, page: Page, *, writable: bool) -> Script[None]:
    """Let the host discard *page*: always, or, if it is *writable*, as long as its change bit is zero."""
    if kernel.cmma_flag and not page.flags & RESERVED:
        request = OperationRequest.SET_POTENTIALLY_VOLATILE if writable else OperationRequest.SET_VOLATILE
        yield Essa(request, page.address)


def page_set_stable_if_present(kernel: Kernel, page: Page) -> Script[bool]:
    """Make *page* stable unless it has been discarded, in one step; False if it has."""
    if not kernel.cmma_flag or page.flags & RESERVED:
        return True
    before = yield Essa(OperationRequest.SET_STABLE_IF_NOT_DISCARDED, page.address)
    return not _is_discarded(before)


def page_discarded(kernel: Kernel, page: Page) -> Script[bool]:
    """Whether the host has discarded *page*."""
    if not kernel.cmma_flag or page.flags & RESERVED:
        return False
    state = yield Essa(OperationRequest.GET_STATE, page.address)
    return _is_discarded(state)


def _is_discarded(state: int) -> bool:
    return state & (USAGE_MASK | CONTENT_MASK) == DISCARDED


def page_test_set_state_change(page: Page) -> bool:
    """Try to take the state-change lock of *page*; False if somebody has it."""
    if page.flags & STATE_CHANGE:
        return False
    page.flags |= STATE_CHANGE
    return True


def page_clear_state_change(page: Page) -> None:
    """Give up the state-change lock of *page*."""
    page.flags &= ~STATE_CHANGE


def page_state_change(page: Page) -> bool:
    """Whether somebody has the state-change lock of *page*."""
    return bool(page.flags & STATE_CHANGE)
