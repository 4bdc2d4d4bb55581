# SPDX-License-Identifier: GPL-2.0-or-later
"""What was written on a disk, in its order, so that its content of any moment since then can be had again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from emu.hypervisor import HostFailure
from emu.state import Section, computed

if TYPE_CHECKING:
    from emu.devices.disk_image import DiskImage


class DiskJournal:
    """The journal of *image* from now on.

    A position is how many times something was written.  Of each write there is what the file does not hold: what was
    there before, or, if the disk has gone back behind it, what is written.
    """

    STATE: ClassVar = Section(
        "journal of a disk",
        computed("position", lambda journal: journal.position, "go_to", of=("position",)),
        excluded={
            "image": "has a state of its own",
            "_writes": "leads from one position to another",
            "_first": "how far back it leads",
            "size": "of what it keeps",
        },
    )

    def __init__(self, image: DiskImage) -> None:
        """Begin with the present content; what another one has kept is not kept any more."""
        self.image = image
        self.position = 0
        """Where the disk is."""
        self.size = 0
        """Bytes that are kept."""
        self._first = 0
        """The first position that can be gone back to."""
        self._writes: list[tuple[int, bytes]] = []
        """From that position on, offset and content."""
        image.journal = self

    def note(self, offset: int, data: bytes) -> None:
        """See :class:`emu.devices.disk_image.Journal`."""
        index = self.position - self._first
        before = self.image.read(offset, len(data))
        if index < len(self._writes) and self._writes[index] != (offset, data):
            self.forget_later()
        if index < len(self._writes):
            self._writes[index] = offset, before
        else:
            self._writes.append((offset, before))
            self.size += len(before)
        self.position += 1

    def go_to(self, position: int) -> None:
        """Let the file hold what it held at *position*.

        :raises HostFailure: if it cannot be read or written.
        """
        try:
            while self.position > position:
                self.position -= 1
                self._exchange(self.position - self._first)
            while self.position < position:
                self._exchange(self.position - self._first)
                self.position += 1
        except OSError as reason:
            raise HostFailure(f"disk {self.image.path}: cannot go back: {reason.strerror or reason}") from None

    def forget_later(self) -> None:
        """Nothing that was written later than now will be written."""
        self._forget(slice(self.position - self._first, None))

    def forget_before(self, position: int) -> None:
        """Nobody will go back to before *position*."""
        if position > self._first:
            self._forget(slice(0, position - self._first))
            self._first = position

    def _forget(self, which: slice) -> None:
        self.size -= sum(len(content) for _, content in self._writes[which])
        del self._writes[which]

    def _exchange(self, index: int) -> None:
        offset, content = self._writes[index]
        self._writes[index] = offset, self.image.read(offset, len(content))
        self.image.put(offset, content)
