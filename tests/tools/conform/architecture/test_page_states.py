# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of page states."""

from __future__ import annotations

import pytest

from tools.conform.architecture.page_states import TOUCH, making, state_byte


# Page-hinting reference 1.2.
@pytest.mark.parametrize(
    ("state", "byte"),
    (
        ("Sr", 0x00),
        ("Sp", 0x02),
        ("Sz", 0x03),
        ("Ur", 0x04),
        ("Pr", 0x08),
        ("Vz", 0x0F),
        ("Sr+NT", 0x20),
        ("Vr+NT", 0x2C),
    ),
)
def test_the_byte_of_a_state(state: str, byte: int) -> None:
    assert state_byte(state) == byte


@pytest.mark.parametrize("state", ("", "S", "Sq", "Xr", "Srz"))
def test_no_state(state: str) -> None:
    with pytest.raises(ValueError, match="expected a page state such as Vz or Sr"):
        state_byte(state)


def test_making_a_state() -> None:
    assert making("Vr") == (TOUCH, 3)
    assert making("Sz+NT") == (2, 1, 7)
    assert making("Vr+NT") == (TOUCH, 7, 3)
    assert making("Sp+NT") == (7,)
    for state in ("Up", "Pz", "Pz+NT"):
        with pytest.raises(ValueError, match="no program makes a page"):
            making(state)
