# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine announces, and to whom.

The model prints nothing.  Traces, the stepper, debuggers and tests register an :class:`Observer`; with none registered
an event costs one test of an empty list.
"""

from __future__ import annotations

from emu.cpu import Cpu
from emu.observing import ObserverOf


class Observer(ObserverOf[Cpu]):
    """Base of all observers: every method does nothing; override what is wanted."""
