# SPDX-License-Identifier: GPL-2.0-or-later
"""A console of a machine with a history: what the guest writes as a run is gone through again is not shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from emu.state import Section, computed, has_section, restore_state, state_of

if TYPE_CHECKING:
    from emu.devices.console import Console


class RecordedConsole:
    """Passes on what is written to *inner* when it is written first."""

    STATE: ClassVar = Section(
        "recorded console",
        "_written",
        computed("inner", "_inner_state", "_put_inner_state"),
        excluded={
            "inner": "its state, if it has one, is a field",
            "_shown": "how far the run has ever come",
        },
    )

    def __init__(self, inner: Console) -> None:
        self.inner = inner
        self._written = 0
        """Bytes written up to now."""
        self._shown = 0
        """Bytes written up to the latest moment that was reached."""

    def write(self, data: bytes, /) -> None:
        """See :meth:`emu.devices.console.Console.write`."""
        known = max(0, min(len(data), self._shown - self._written))
        self._written += len(data)
        self._shown = max(self._shown, self._written)
        write_again = getattr(self.inner, "write_again", None)
        if known and write_again is not None:
            write_again(data[:known])
        if known < len(data):
            self.inner.write(data[known:])

    def forget_later(self) -> None:
        """What follows is not what was written before."""
        self._shown = self._written

    def _inner_state(self) -> Any:
        return state_of(self.inner) if has_section(self.inner) else None

    def _put_inner_state(self, saved: Any) -> None:
        if saved is not None:
            restore_state(self.inner, saved)
