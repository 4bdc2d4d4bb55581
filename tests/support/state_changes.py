# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to the state of one page while something is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from emu.cpu import Cpu
from emu.events import Observer
from emu.page_states import OperationRequest
from emu.page_states import name as state_name
from guest_kernel.scripted.cpu.schedule import Running
from guest_kernel.scripted.cpu.script import Place, Script
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import Page
from guest_kernel.scripted.state.rules import ALL_PATCHES

PAGE = 4096
BEFORE_5 = frozenset(range(1, 5))
SERIES = (frozenset({1}), frozenset({1, 2}), frozenset({1, 2, 3}), BEFORE_5, frozenset(range(1, 6)), ALL_PATCHES)
_SHORT = {
    OperationRequest.SET_STABLE_IF_NOT_DISCARDED: "stable",
    OperationRequest.SET_VOLATILE: "volatile",
    OperationRequest.SET_POTENTIALLY_VOLATILE: "potential",
}


class Changes(Observer):
    """The changes of one page: request, state before and state after of each ESSA."""

    def __init__(self, page: Page) -> None:
        self.page = page.frame
        self.list: list[str] = []

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        if page == self.page:
            request_name = _SHORT.get(OperationRequest(request), OperationRequest(request).name)
            self.list.append(f"{request_name} {state_name(before)}->{state_name(after)}")


@contextmanager
def changes(kernel: Kernel, page: Page) -> Iterator[list[str]]:
    """The changes of *page* while it lasts."""
    observer = Changes(page)
    kernel.machine.observers.append(observer)
    yield observer.list
    kernel.machine.observers.remove(observer)


def attempts(kernel: Kernel, page: Page, script: Script[object]) -> int:
    """Run *script*; give how often page_make_volatile was tried on *page*."""
    running = Running(kernel, script)
    count = 0
    while not running.is_over:
        is_tried = running.next == Place("page_make_volatile: has the lock")
        count += bool(is_tried and page.flags & flags.STATE_CHANGE)
        running.step()
    return count
