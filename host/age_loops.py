# SPDX-License-Identifier: GPL-2.0-or-later
"""The loops of the clock: over places in order of age, for :mod:`host.age_lists`, which says what is where.

They are compiled (:mod:`emu.object_code.loops`).  A place of *order* has a frame, or :data:`NOWHERE`, a hole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.object_code.loops import CompiledLoop

if TYPE_CHECKING:
    pass

NOWHERE: Final = -1
"""The place of a frame that is not listed, and what a place has whose frame has gone."""


def _scan(order: Any, place: Any, referenced: Any, start: int, stop: int, wanted: int, ends: Any) -> int:
    """Scan from *start* until *wanted* frames are unreferenced, or up to *stop*, or until there is no more room.

    A referenced frame has its flag reset and goes to the tail; an unreferenced one stays where it is.

    :param ends: the tail and the end of *order*; gets the tail, and where the scan has ended.
    :return: how many are unreferenced.
    """
    tail, end, found, at = ends[0], ends[1], 0, start
    while at < stop and found < wanted:
        frame = order[at]
        if frame >= 0:
            if referenced[frame]:
                if tail == end:
                    break
                referenced[frame] = 0
                order[at] = NOWHERE
                order[tail] = frame
                place[frame] = tail
                tail += 1
            else:
                found += 1
        at += 1
    ends[0], ends[1] = tail, at
    return found


def _sweep(order: Any, place: Any, referenced: Any, head: int, tail: int, aside: Any) -> int:
    """Put the unreferenced frames from *head* to before *tail* first, and the referenced ones behind them.

    :param aside: has room for all of them.
    :return: how many are referenced.
    """
    unreferenced = active = 0
    for at in range(head, tail):
        frame = order[at]
        if frame >= 0:
            # Each is put down in both ways, and stays in one: to guess which takes longer than to do both.
            is_referenced = 1 if referenced[frame] else 0
            order[unreferenced] = frame
            aside[active] = frame
            active += is_referenced
            unreferenced += 1 - is_referenced
    for at in range(active):
        order[unreferenced + at] = aside[at]
    for at in range(unreferenced + active):
        place[order[at]] = at
    return active


scan: Final = CompiledLoop(_scan, np.int32, np.int32, np.uint8, None, None, None, np.int64)
sweep: Final = CompiledLoop(_sweep, np.int32, np.int32, np.uint8, None, None, np.int32)
