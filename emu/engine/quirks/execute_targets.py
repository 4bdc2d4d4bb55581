# SPDX-License-Identifier: GPL-2.0-or-later
"""How Unicorn executes the target of an EXECUTE (seen in 2.1.4).

* NC, CLC, OC, XC, MVC, TR, TRT and SVC are executed at once, without the translator's table.  For them it takes general
  register 0 for a base register, where 0 means none.
* Others become a block of their own, of one instruction.
* It takes an odd target address, and counts the relative operand of a target from the EXECUTE.
"""

from __future__ import annotations

from typing import Final

_AT_ONCE: Final = frozenset((0x0A, 0xD0, 0xD2, 0xD4, 0xD5, 0xD6, 0xD7, 0xDC, 0xDD))


def is_executed_at_once(target: bytes) -> bool:
    """Whether *target* counts as one instruction with its EXECUTE; others count as two."""
    return target[0] in _AT_ONCE


def reads_register_0(target: bytes) -> bool:
    """Whether Unicorn takes general register 0 for a base register when *target* is the target of an EXECUTE."""
    return target[0] >> 4 == 0xD and not (target[2] >> 4 and target[4] >> 4)
