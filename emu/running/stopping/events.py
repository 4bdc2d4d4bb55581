# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine announces to its observers, for the stops that wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from emu.events import Observer
from emu.page_states import CONTENT_MASK, USAGE_MASK, Content
from emu.running.stopping.kinds import (
    AtInterruption,
    ConsoleText,
    ContentChange,
    FirstTouch,
    PageStateChange,
    StopOn,
    StorageKeyChange,
)
from emu.running.stopping.view import StopEvent

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw
    from emu.running.stopping.stop_point import StopPoint

    Note = Callable[[StopPoint, Cpu | None, StopEvent], None]

_COMPILED = (None, "svc", "program", "external")
"""Classes of interruptions that compiled code takes, if it need not tell of them; None: any class."""


class EventListener(Observer):
    """Hears of events for the stops that wait for them."""

    KINDS: ClassVar[tuple[type[StopOn], ...]] = (
        AtInterruption,
        ConsoleText,
        ContentChange,
        FirstTouch,
        StorageKeyChange,
    )

    def __init__(self, points: list[StopPoint], note: Note, asked: set[int]) -> None:
        """Tell *note* what happens that one of *points* waits for.

        :param asked: the addresses of CPUs whose next interruption was asked about before.
        """
        self._asked = asked
        self._points = points
        self._note = note
        self.wants_interruptions = any(
            isinstance(point.on, AtInterruption) and point.on.interruption in _COMPILED for point in points
        )
        self._tails: dict[int, bytes] = {}
        """For each stop that waits for a text of the console: the end of what was written, which may begin it."""

    @classmethod
    def serves(cls, on: StopOn) -> bool:
        """Whether such a stop waits for what is heard here."""
        return isinstance(on, cls.KINDS)

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :class:`emu.events.Observer`, as for the others."""
        was_asked = cpu.address in self._asked
        self._asked.discard(cpu.address)
        for point in self._points:
            on = point.on
            if isinstance(on, AtInterruption) and on.is_of(kind, code) and not (on.before and was_asked):
                self._note(point, cpu, StopEvent(interruption=kind, code=code, old_psw=old))

    def host_changed(self, page: int, before: int, after: int) -> None:
        event = StopEvent(page=page, before=before, after=after)
        for point in self._points:
            match point.on:
                case ContentChange():
                    self._content_changed(point, None, event)
                case FirstTouch(page=wanted):
                    was_zero, is_resident = before & CONTENT_MASK == Content.ZERO, not after & CONTENT_MASK
                    if wanted in (None, page) and was_zero and is_resident:
                        self._note(point, None, event)
                case _:
                    pass

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        for point in self._points:
            if isinstance(point.on, StorageKeyChange) and point.on.page in (None, page) and before != after:
                self._note(point, cpu, StopEvent(page=page, before=before, after=after))

    def console_written(self, data: bytes) -> None:
        for point in self._points:
            if isinstance(point.on, ConsoleText):
                written = self._tails.get(point.number, b"") + data
                if point.on.text in written:
                    self._note(point, None, StopEvent())
                    written = written[written.rindex(point.on.text) + len(point.on.text) :]
                self._tails[point.number] = written[-len(point.on.text) :]

    def _content_changed(self, point: StopPoint, cpu: Cpu | None, event: StopEvent) -> None:
        on = point.on
        assert isinstance(on, ContentChange)
        content = event.after & CONTENT_MASK
        if event.before & CONTENT_MASK != content and on.page in (None, event.page) and on.content in (None, content):
            self._note(point, cpu, event)


class StateListener(EventListener):
    """Hears of ESSA, for the stops that wait for a page state: Python must execute it for those pages then."""

    KINDS = (PageStateChange,)

    def __init__(self, points: list[StopPoint], note: Note, asked: set[int]) -> None:
        super().__init__(points, note, asked)
        pages = [point.on.page for point in points if isinstance(point.on, PageStateChange)]
        self.followed_pages = None if None in pages else frozenset(page for page in pages if page is not None)

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        for point in self._points:
            on = point.on
            if isinstance(on, PageStateChange) and before != after and on.page in (None, page):
                usage = after & USAGE_MASK
                if on.usage is None or usage == on.usage != before & USAGE_MASK:
                    self._note(point, cpu, StopEvent(code=request, page=page, before=before, after=after))
