# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario expects of a single page, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from emu.page_states import OperationRequest

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.checks.page_watcher import StateEvent

NONE: Final = "none"
"""The state of what is in no page: not cached, not mapped."""
STATES: Final = tuple(usage + content for usage, content in product("SUPV", "rpz"))
REQUESTS: Final = tuple(range(len(OperationRequest)))


@dataclass(frozen=True, slots=True)
class PageFinding:
    """What step *step* expects of a page, and what was found."""

    step: int
    name: str
    """How the scenario calls the page."""
    expected: tuple[str, ...]
    """The allowed states; none if any will do."""
    found: str
    """Its state, or "none"."""
    frame: int | None = None
    """The number of the page, if there is one."""
    events: tuple[StateEvent, ...] = ()
    """What happened to its state in the last step that did anything."""
    is_changed: bool = False
    """Whether its change bit is one."""
    expected_path: tuple[str, ...] | None = None
    expected_requests: tuple[int, ...] | None = None
    expected_changed: bool | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The states through which it went in the last step, each once."""
        states = [self.events[0].before, *(event.after for event in self.events)] if self.events else [self.found]
        return tuple(state for number, state in enumerate(states) if not number or states[number - 1] != state)

    @property
    def requests(self) -> tuple[int, ...]:
        """The ESSAs of the last step, by their operation requests."""
        return tuple(event.request for event in self.events if event.request is not None)

    @property
    def holds(self) -> bool:
        """Whether all is as expected."""
        return not self.differences()

    def differences(self) -> list[str]:
        """What is not as expected, in words."""
        found = []
        if self.expected and self.found not in self.expected:
            found.append(f"expected {' or '.join(self.expected)}, found {self.found}")
        if self.expected_path is not None and self.path != self.expected_path:
            found.append(f"expected {' -> '.join(self.expected_path)}, found {' -> '.join(self.path)}")
        if self.expected_requests is not None and self.requests != self.expected_requests:
            found.append(f"expected ESSA {_numbers(self.expected_requests)}, found {_numbers(self.requests)}")
        if self.expected_changed is not None and self.is_changed != self.expected_changed:
            found.append(f"expected the change bit {int(self.expected_changed)}, found {int(self.is_changed)}")
        return found

    def __str__(self) -> str:
        return f"page {self.name}: {'; '.join(self.differences()) or 'as expected'}"

    def as_dict(self) -> dict[str, Any]:
        """What a report in JSON has of it."""
        return {
            "step": self.step,
            "page": self.name,
            "frame": self.frame,
            "expected": list(self.expected),
            "found": self.found,
            "path": list(self.path),
            "requests": list(self.requests),
            "changed": self.is_changed,
            "holds": self.holds,
        }


def _numbers(requests: tuple[int, ...]) -> str:
    return ", ".join(map(str, requests)) or "none"
