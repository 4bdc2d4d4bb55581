# SPDX-License-Identifier: GPL-2.0-or-later
"""The colours of page states in pictures, and their order: from the bottom of a picture over time to its top."""

from __future__ import annotations

from typing import Final

STATE_COLOURS: Final = {
    "Sr": ("#1f4e79", "#5aa2e0"),
    "Sp": ("#7a3b8f", "#b67fcb"),
    "Pr": ("#b8860b", "#f0b429"),
    "Pp": ("#d9b45b", "#a8802a"),
    "Pz": ("#efdcae", "#6b5423"),
    "Vr": ("#2e7d32", "#57b85c"),
    "Vp": ("#6fae73", "#3d7f41"),
    "Vz": ("#a9d8ab", "#285a2c"),
    "Ur": ("#8d8d8d", "#9a9a9a"),
    "Up": ("#b5b5b5", "#6c6c6c"),
    "Uz": ("#dcdcdc", "#3a3a3a"),
    "Sz": ("#c6d9ec", "#27405a"),
}
"""On a light ground and on a dark one.  What is resident stands out from the ground most, what is nowhere least."""
