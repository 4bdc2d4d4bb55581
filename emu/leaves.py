# SPDX-License-Identifier: GPL-2.0-or-later
"""The declared state of an object leaf by leaf, in forms that are quick to compare and to put back.

A leaf is a field that holds no object with a state of its own.  Most of them are the same after a program as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from emu.state import fields_of, has_section, is_container

if TYPE_CHECKING:
    from collections.abc import Collection

    from emu.state import State, StateField

Path = tuple[str | int, ...]
_PLAIN = (int, bytes, str, float, bool, type(None))


def leaves(owner: Any, without: Collection[Path] = (), path: Path = ()) -> Iterator[tuple[Path, Any, StateField]]:
    """Each leaf of *owner*: its path, the object that has it, and the field.

    :param without: the paths of what is left out.
    """
    for field in fields_of(owner):
        here = (*path, field.name)
        if here in without:
            continue
        value = getattr(owner, field.name, None) if field.attributes == (field.name,) else None
        if value is None or isinstance(value, (*_PLAIN, np.ndarray)):
            yield here, owner, field
        elif has_section(value):
            yield from leaves(value, without, here)
        elif isinstance(value, (list, tuple)) and any(map(has_section, value)):
            for index, element in enumerate(value):
                yield from leaves(element, without, (*here, index))
        else:
            yield here, owner, field


def value_of(owner: Any, field: StateField) -> Any:
    """What a leaf holds: two are equal if this is."""
    if field.attributes == (field.name,):
        value = getattr(owner, field.name, None)
        if isinstance(value, _PLAIN) and value is not None:
            return value
        if isinstance(value, np.ndarray):
            return value.tobytes()
        if is_container(value) and not value:
            return ()
    return field.get(owner)


def values(owner: Any, without: Collection[Path] = ()) -> dict[Path, Any]:
    """What all leaves of *owner* hold, by path."""
    return {path: value_of(of, field) for path, of, field in leaves(owner, without)}


def put_back(owner: Any, before: dict[Path, Any], saved: State) -> None:
    """Make the leaves of *owner* hold again what they held *before*, when *saved* was its state.

    Only the leaves that are in *before*; what follows from a restored state is the caller's to see to.

    :raises LookupError: if some of them are no leaves any more.
    """
    now = {path: (of, field) for path, of, field in leaves(owner)}
    for path, value in before.items():
        of, field = now[path]
        if value_of(of, field) != value:
            field.put(of, _at(saved, path))


def _at(saved: Any, path: Path) -> Any:
    for part in path:
        saved = saved[part]
    return saved
