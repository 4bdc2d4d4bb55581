# SPDX-License-Identifier: GPL-2.0-or-later
"""Page states by their names, and how a program makes a page of each (page-hinting reference 1.2 to 1.4, 6.4)."""

from __future__ import annotations

from typing import Final

_USAGE: Final = {"S": 0x00, "U": 0x04, "P": 0x08, "V": 0x0C}
_CONTENT: Final = {"r": 0, "p": 2, "z": 3}
NO_DAT: Final = "+NT"

TOUCH: Final = 8
"""The operation, beside the request codes 0 to 7, that stores into a page."""

_MAKING: Final[dict[str, tuple[int, ...]]] = {
    "Sr": (TOUCH,),
    "Ur": (TOUCH, 2),
    "Vr": (TOUCH, 3),
    "Pr": (TOUCH, 4),
    # A page that was never touched: for KVM it is preserved, and becomes zero when it is declared as unused.
    "Sp": (),
    "Sz": (2, 1),
    "Uz": (2,),
    "Vz": (3,),
}


def state_byte(state: str) -> int:
    """The byte that ESSA gives for *state*, such as ``Vz`` or ``Sr+NT``.

    :raises ValueError: if there is no such state.
    """
    name = state.removesuffix(NO_DAT)
    if len(name) != 2 or name[0] not in _USAGE or name[1] not in _CONTENT:
        raise ValueError(f"expected a page state such as Vz or Sr+NT, not {state!r}")
    return _USAGE[name[0]] | _CONTENT[name[1]] | (0x20 if name != state else 0)


_REQUESTS: Final = {"S": (), "U": (2,), "V": (3,), "P": (4,)}
_STABLE: Final = {"r": (TOUCH,), "p": (), "z": (2, 1)}
_SET_STABLE_NO_DAT: Final = 7


def making(state: str) -> tuple[int, ...]:
    """The operations that bring a page that was never touched into *state*: request codes, and :data:`TOUCH`.

    :raises ValueError: if no program can do that by itself.
    """
    name = state.removesuffix(NO_DAT)
    if name not in _MAKING:
        raise ValueError(f"no program makes a page {state} by itself")
    if name == state:
        return _MAKING[name]
    # No-DAT is set while the page is stable, and stays.
    return (*_STABLE[name[1]], _SET_STABLE_NO_DAT, *_REQUESTS[name[0]])
