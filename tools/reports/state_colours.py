# SPDX-License-Identifier: GPL-2.0-or-later
"""The colours of page states in pictures, and their order: from the bottom of a picture over time to its top."""

from __future__ import annotations

from typing import Final

STATE_COLOURS: Final = {
    "Sr": ("#12305c", "#8fd3fa"),
    "Sp": ("#9a4fb5", "#c45fe0"),
    "Pr": ("#c98a12", "#f7d53e"),
    "Pp": ("#f0bd45", "#b8901f"),
    "Pz": ("#d9b27a", "#4a3210"),
    "Vr": ("#17642d", "#a4dd9a"),
    "Vp": ("#6fb05f", "#47a352"),
    "Vz": ("#b4ecae", "#1f7038"),
    "Ur": ("#777777", "#8f8f8f"),
    "Up": ("#b1b1b1", "#5a5a5a"),
    "Uz": ("#f0f0f0", "#1e1e1e"),
    "Sz": ("#8fb4f2", "#2b4a9e"),
}
"""On a light ground and on a dark one.  What is resident stands out from the ground most, what is nowhere least.

They are told apart whatever colours somebody sees.
"""
