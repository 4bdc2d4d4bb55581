# SPDX-License-Identifier: GPL-2.0-or-later
"""How virtual time goes with the clock on the wall while the guest of a user at a terminal waits.

A kernel with a periodic tick, such as Debian's, ends its wait 250 times in a second.  To wake up for each of them costs
this computer more than what the guest then does, so virtual time may be a little ahead: several ticks are gone through
at once, and one sleep makes up for all of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from emu.timing import UNITS_PER_MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.timing import Timing

MOST_AHEAD: Final = 50_000 * UNITS_PER_MICROSECOND
"""Units of work, a twentieth of a second, by which virtual time may be ahead; nobody who types sees that."""
_UNITS_PER_SECOND: Final = UNITS_PER_MICROSECOND * 1_000_000


class Pace:
    """Virtual time beside the clock on the wall.

    :param clock: gives seconds, of which only differences are used.
    """

    def __init__(self, timing: Timing, clock: Callable[[], float] = time.monotonic) -> None:
        self._timing = timing
        self._clock = clock
        self._work = timing.work
        self._seen = clock()
        self._ahead = 0

    def ahead(self) -> int:
        """By how many units virtual time is ahead now; if it is behind, less than 0.

        It never is by more than :data:`MOST_AHEAD` in either direction: what a computation took is not made up for.
        """
        work = self._timing.work
        self._ahead += work - self._work - self.elapsed()
        self._ahead = max(-MOST_AHEAD, min(self._ahead, MOST_AHEAD))
        self._work, self._seen = work, self._clock()
        return self._ahead

    def elapsed(self) -> int:
        """How many units the clock on the wall has gone on since that was asked last."""
        return int((self._clock() - self._seen) * _UNITS_PER_SECOND)


def seconds(units: int) -> float:
    """How long *units* of work are."""
    return units / _UNITS_PER_SECOND
