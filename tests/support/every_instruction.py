# SPDX-License-Identifier: GPL-2.0-or-later
"""An observer that makes a machine run step by step, and does nothing else."""

from __future__ import annotations

from emu.events import Observer


class EveryInstruction(Observer):
    """Wants to be told of every instruction, so that each is executed alone."""

    wants_instructions = True
