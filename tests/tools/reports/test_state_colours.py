# SPDX-License-Identifier: GPL-2.0-or-later
"""The colours of page states are told apart by everybody."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from tools.reports.state_colours import STATE_COLOURS

# What somebody sees of linear red, green and blue (Machado, Oliveira, Fernandes: A Physiologically-based Model for
# Simulation of Color Vision Deficiency, 2009, severity 1).
VISIONS = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)
FEW = 15
"""A difference in CIELAB that is seen at once; one of 2.3 is just noticed."""


def lab(colour: str, vision: str) -> Any:
    """The place of *colour* in CIELAB, as somebody with this *vision* sees it (IEC 61966-2-1, CIE 15)."""
    coded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISIONS[vision]) @ linear, 0, 1)
    xyz = np.array(TO_XYZ) @ seen / np.array(WHITE)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array((116 * y - 16, 500 * (x - y), 200 * (y - z)))


def test_white_black_and_red() -> None:
    assert lab("#ffffff", "usual") == pytest.approx((100, 0, 0), abs=0.02)
    assert lab("#000000", "usual") == pytest.approx((0, 0, 0), abs=0.02)
    assert lab("#ff0000", "usual") == pytest.approx((53.24, 80.09, 67.2), abs=0.1)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("is_dark", (False, True))
def test_states_of_one_profile_are_told_apart(vision: str, is_dark: bool) -> None:
    states = {"Sr", "Sp", "Sz", "Ur", "Uz", "Pr", "Vr", "Vz"}
    for one, other in combinations(sorted(states), 2):
        places = [lab(STATE_COLOURS[state][is_dark], vision) for state in (one, other)]
        assert np.linalg.norm(places[0] - places[1]) > FEW, (one, other)


def test_every_state_has_a_colour() -> None:
    assert sorted(STATE_COLOURS) == sorted(usage + content for usage in "SUPV" for content in "rpz")
