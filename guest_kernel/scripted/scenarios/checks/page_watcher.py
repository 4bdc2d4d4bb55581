# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to the states of pages while a step of a scenario is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emu.events import Observer
from emu.page_states import OperationRequest
from emu.page_states import name as state_name

if TYPE_CHECKING:
    from emu.cpu import Cpu


@dataclass(frozen=True, slots=True)
class StateEvent:
    """An ESSA, or something that the host did (the request is None)."""

    request: int | None
    before: str
    after: str

    def __str__(self) -> str:
        if self.request is None:
            return f"by the host {self.before} -> {self.after}"
        name = OperationRequest(self.request).name.lower().replace("_", " ")
        return f"ESSA {self.request} ({name})"


class PageWatcher(Observer):
    """Notes the events of each page since it was told to begin."""

    def __init__(self) -> None:
        self._events: dict[int, list[StateEvent]] = {}

    def begin(self) -> None:
        """Forget what was noted."""
        self._events = {}

    def events(self, page: int) -> list[StateEvent]:
        """What has happened to absolute page *page*."""
        return self._events.get(page, [])

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        self._note(page, request, before, after)

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        self._note(page, None, before, after)

    def _note(self, page: int, request: int | None, before: int, after: int) -> None:
        event = StateEvent(request, state_name(before), state_name(after))
        self._events.setdefault(page, []).append(event)
