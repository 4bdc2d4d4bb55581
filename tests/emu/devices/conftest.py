# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for tests of devices: main storage as they reach it."""

from __future__ import annotations

import pytest

from emu.devices.channel_storage import ChannelStorage
from emu.machine import Machine


@pytest.fixture
def storage(machine: Machine) -> ChannelStorage:
    """The main storage of :func:`machine`, of 4 MB, as channel programs and devices reach it."""
    return ChannelStorage(machine.configuration)
