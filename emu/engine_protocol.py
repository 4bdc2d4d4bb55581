# SPDX-License-Identifier: GPL-2.0-or-later
"""What a CPU asks of the engine that executes general instructions for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from emu.addresses import AbsoluteAddress
    from emu.teid import Access
    from emu.watched_areas import WatchedArea


class Registers(Protocol):
    """The registers that the engine holds, seen in place: nothing is copied to look at one.

    *gr* has 16 doublewords, *vr* 64 (the high half of vector register n, which is floating-point register n for n
    below 16, is element 2n), *ar* 16 words.
    """

    gr: memoryview[int]
    vr: memoryview[int]
    ar: memoryview[int]
    psw: memoryview[int]
    """Two doublewords: the mask that the engine runs with, and the instruction address."""

    @property
    def fpc(self) -> int: ...
    @fpc.setter
    def fpc(self, value: int) -> None: ...
    @property
    def condition_code(self) -> int: ...
    @condition_code.setter
    def condition_code(self, value: int) -> None: ...
    @property
    def breaking_event_address(self) -> int: ...
    @breaking_event_address.setter
    def breaking_event_address(self, value: int) -> None: ...
    def set_control_register_0(self, value: int) -> None: ...


class TranslationBuffer(Protocol):
    """What a CPU asks of the engine's translation-lookaside buffer."""

    def flush(self) -> None:
        """Forget every translation."""

    def find(self, address: int, length: int, access: Access, *, is_real: bool) -> int | None:
        """Where in the frame pool an operand in one page lies, if a translation that was made before is still good.

        All checks of such an *access* have been made then, and what it records is recorded.  No page that holds code is
        found for a store.

        :param is_real: *address* is a real address, whatever the PSW says.
        """

    def note(self, address: int, absolute: AbsoluteAddress, access: Access, *, is_real: bool) -> None:
        """Note that *address* leads to *absolute* for this *access*, of which every check has just been made."""

    def find_table_entry(self, address: int) -> int | None:
        """The doubleword of a translation table at absolute *address*, if it is known where that lies."""

    def note_table(self, address: AbsoluteAddress) -> None:
        """Note that a table at *address* has just been read."""

    def context_changed(self) -> None:
        """Use no translation made with other values of what it depends on (:attr:`Cpu.translation_context`)."""

    def watch(self, whose: str, areas: Collection[WatchedArea]) -> None:
        """Let no access to *areas* go unnoticed: whoever makes one executes alone.

        They take the place of those that *whose* has watched before.
        """
