# SPDX-License-Identifier: GPL-2.0-or-later
"""What gdb is told when the machine has stopped.

Source: the manual of gdb, appendix "gdb Remote Serial Protocol", "Stop Reply Packets".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.running.stops import StopKind
from tools.gdb.execution import End

if TYPE_CHECKING:
    from tools.gdb.execution import MotionEnd
    from tools.gdb.points import Points

INTERRUPT: Final = 2
TRAP: Final = 5
ABORT: Final = 6
TERMINATED: Final = 15
CPU_LIMIT: Final = 24
"""Signals by gdb's numbers."""
_SIGNALS: Final = {
    StopKind.STOP_POINT: TRAP,
    StopKind.REQUESTED: INTERRUPT,
    StopKind.BUDGET: CPU_LIMIT,
    StopKind.ALL_STOPPED: TERMINATED,
    StopKind.POWERED_OFF: TERMINATED,
    StopKind.DISABLED_WAIT: TERMINATED,
}
"""Of the other kinds, which nobody asked for, it is :data:`ABORT`."""


def stop_reply(ended: MotionEnd | None, points: Points, *, has_reasons: bool) -> bytes:
    """The reply for how the machine *ended*; None stands for one that has not gone on yet.

    :param has_reasons: gdb has said that it knows the reasons ``swbreak`` and ``hwbreak``.
    """
    if ended is None:
        return b"T%02xthread:1;" % TRAP
    thread = b"thread:%x;" % (ended.cpu + 1)
    match ended.end:
        case End.BROKEN:
            return b"T%02x%s" % (INTERRUPT, thread)
        case End.AT_THE_BEGINNING:
            return b"T%02xreplaylog:begin;%s" % (TRAP, thread)
    if ended.stop is None:
        return b"T%02x%s" % (TRAP, thread)
    reason = points.reason(ended.stop.hits) or b""
    if reason.endswith(b"break:;") and not has_reasons:
        reason = b""
    return b"T%02x%s%s" % (_SIGNALS.get(ended.stop.kind, ABORT), reason, thread)


def spoken(ended: MotionEnd, points: Points) -> str:
    """What the user of gdb is told in words; empty if gdb says it itself."""
    stop = ended.stop
    if stop is None or points.reason(stop.hits) is not None:
        return ""
    return f"essa: {stop.text} (CPU {stop.cpu})\n"
