# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices of every configuration, in the order in which their interruptions are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.devices.channel_subsystem import ChannelSubsystem
from emu.devices.messages import SpecialMessages
from emu.devices.sclp import Sclp
from emu.devices.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.device import Device

DEVICES: Final[tuple[Callable[[Configuration[Cpu]], Device[Cpu]], ...]] = (
    Sclp,
    SpecialMessages,
    ChannelSubsystem,
    Watchdog,
)
"""That of the SCLP, then special messages (inferred), are external interruptions; the channel subsystem's are I/O; the
watchdog has none."""
