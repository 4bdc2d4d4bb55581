# SPDX-License-Identifier: GPL-2.0-or-later
"""In what the outcomes of a stream differ."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tools.differential.peers.outcome import Part, StreamEnding, StreamOutcome
from tools.differential.peers.signals import signal_of

NOT_OF_A_PROCESS: Final = ("PSW mask",)
"""What a Linux process does not see of the machine."""
_NOT_OF_A_SIGNAL: Final = (
    *("instruction length", "PSW address", "breaking-event address", "data-exception code"),
    *("monitor class", "monitor code"),
    *("translation-exception address", "translation-exception bits", "exception access identification"),
)


def differing(
    here: StreamOutcome, there: StreamOutcome, *, left_out: Collection[str] = (), signals: bool = False
) -> tuple[Part, ...]:
    """In what the two differ; the interruption alone if that does; nothing if either was cut off by the timer.

    :param left_out: parts that the other machine does not show.
    :param signals: whether it has signals in place of interruptions.
    """
    if here.content == there.content and not here.lost and not there.lost:
        return ()
    if here.is_cut_off or there.is_cut_off:
        return ()
    ended, theirs_ended = here.interruption(), there.interruption()
    if signals:
        theirs_ended = signal_of(there) or theirs_ended
    if ((signals and signal_of(here)) or ended) != theirs_ended:
        return (Part("interruption", ended, theirs_ended),)
    if here.lost:
        return ()
    not_compared = {*left_out, *(_NOT_OF_A_SIGNAL if there.ending is StreamEnding.SIGNAL else ())}
    ours, theirs = here.parts(), there.parts()
    return tuple(
        Part(name, value, theirs[name], ended)
        for name, value in ours.items()
        if name not in not_compared and theirs[name] != value
    )
