# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of the oldest pages are evicted, and in which order.

The reference has no order of victims, only that the host does its normal LRU paging; "unused first, then volatile,
then the rest" is called reasonable (reference 5.1, inferred).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from emu.page_states import USAGE_MASK, Usage

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Policy(Enum):
    """What decides about the victim."""

    LRU = "lru"
    """Age alone; the state of the page only decides what happens to it."""
    UNUSED_FIRST = "unused-first"
    """Unused pages, then the others by age."""
    VOLATILE_FIRST = "volatile-first"
    """Unused pages; then what else may be dropped without I/O, which is volatile; then the others by age."""

    @property
    def is_by_age(self) -> bool:
        """Whether the oldest pages go, whatever their states."""
        return self is Policy.LRU


def window(policy: Policy, wanted: int, listed: int) -> int:
    """How many candidates in order of age the policy must see to choose *wanted* victims, of *listed* frames.

    LRU needs no choice.  The others must see everything, or "first" would not be true: a guest frees pages that it has
    just used, so the unused ones are among the youngest.  It costs a scan of all frames in each batch.
    """
    return min(wanted, listed) if policy.is_by_age else listed


def choose(policy: Policy, states: NDArray[np.uint8], droppable: NDArray[np.bool_], wanted: int) -> NDArray[np.intp]:
    """The indices of at most *wanted* victims, in the order of eviction.

    :param states: the page-state bytes of the candidates, all resident, in order of age, the oldest first.
    :param droppable: which of them their guests' profiles let the host drop without I/O (:mod:`host.outcomes`).
    """
    wanted = max(wanted, 0)
    if policy.is_by_age:
        return np.arange(min(wanted, len(states)))
    unused = states & USAGE_MASK == Usage.UNUSED
    classes = [unused]
    if policy is Policy.VOLATILE_FIRST:
        classes.append(droppable & ~unused)
    classes.append(~np.logical_or.reduce(classes))
    return np.concatenate([np.flatnonzero(members) for members in classes])[:wanted]
